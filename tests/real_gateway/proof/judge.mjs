// The judge: what a published OpenClaw release does with a shell command on a gateway host (Linux).
//
//   judge.mjs NODE_MODULES < cases.ndjson > answers.ndjson        (Node 24; NODE_MODULES has the package `openclaw`)
//
// The answers are the release's own. This file loads the published package, builds its exec tool from the configuration of a
// case, and calls it. Only the edges are replaced, in memory, by function name (see EDGES): reading the approvals document,
// requesting an approval from the gateway, reading the login shell's PATH, logging, and starting the process. Nothing is
// executed, and no network is needed. Functions are found by name in whatever file the bundler put them in; a release without
// one of them ends the judge with an error.
//
// A case is one JSON object a line:
//   id              anything; copied to the answer
//   document        the approvals document as stored; a string is the stored text itself, which may be malformed
//   via             "stored" (default), or "set": a client sent the document by exec.approvals.set, which normalises it
//   config          the part of openclaw.json that matters: tools.exec and agents
//   agent           agent id, default "main"
//   command         the text that a model sends
//   cwd, path, home the absolute directory of the call; PATH and HOME of the gateway process
//   env             environment that the model requests
//   context         "interactive" (default): somebody can answer a prompt; "cron": nobody can
//   ask, security   requested by the model; both may only tighten
//   permissionMode  of the session: read-only | guarded | workspace | full (2026.9)
//
// An answer is one JSON object a line, in the order of the cases:
//   verdict         runs | asks | denied; uncovered: this judge cannot say; error: the release failed in an unexpected way
//   reason          of runs: full | allowlist | durable | full-bypass | ask-fallback; of asks: the causes, joined by "+"; of
//                   denied: the release's first line
//   security, ask, askFallback   the policy in force; null: not known, because the release stopped before
//   analysable, satisfied        did the release parse the command; did the list alone allow it; null: it stopped before
//   segments        [{argv, effective (if unwrapping changed argv), resolved, real, by, entry: {scope, index, pattern, argPattern}}]
//   unanswered      of asks: runs | denied when nobody answers, with unansweredReason
//   review          true: mode "auto" consults a model first (here the model answers "ask")
//   execCommand     of runs: the text that is started, if it differs from the command
//
// Which user runs the judge matters on 2026.9: "durable" answers become prompts if that user may write the program or its
// directory. JUDGE_DEBUG=1 prints the release's own output.
import fs from "node:fs";
import { registerHooks } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
const dist = path.join(modules ?? "", "openclaw", "dist");
if (!modules || !fs.existsSync(dist)) {
  process.stderr.write("usage: judge.mjs NODE_MODULES < cases.ndjson > answers.ndjson\n");
  process.exit(2);
}
const emit = (text) => { for (let at = 0, bytes = Buffer.from(text); at < bytes.length;) { try { at += fs.writeSync(1, bytes, at); } catch (error) { if (error.code !== "EAGAIN") throw error; } } };
await main();

async function main() {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "judge-"));
  process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));
  for (const name of Object.keys(process.env)) if (!["TMPDIR", "JUDGE_DEBUG"].includes(name)) delete process.env[name];
  Object.assign(process.env, { HOME: path.join(scratch, "home"), PATH: "/nonexistent", OPENCLAW_STATE_DIR: path.join(scratch, "state"), LANG: "C.UTF-8", NO_COLOR: "1" });
  fs.mkdirSync(path.join(scratch, "home"));
  fs.mkdirSync(path.join(scratch, "state"));
  const debug = process.env.JUDGE_DEBUG;
  process.stdout.write = debug ? process.stderr.write.bind(process.stderr) : () => true;
  if (!debug) process.stderr.write = ((write) => (text, ...more) => String(text).startsWith("judge:") ? write(text, ...more) : true)(process.stderr.write.bind(process.stderr));

  const found = Object.create(null); // the release's functions, by name
  let now; // what is recorded about the case in hand
  const never = () => undefined;
  const stopped = new Error("judge: stopped before start");
  const EDGES = {
    // The process never starts: the gateway's last checks run, then the attempt is recorded.
    runExecProcess: async (_, options) => {
      const refused = await options.beforeSpawn?.();
      if (refused) return now.done({ ran: false, text: textOf(refused) }), Promise.reject(stopped);
      options.assertCurrent?.();
      now.ran = { execCommand: options.execCommand };
      now.done({ ran: true });
      throw stopped;
    },
    // the gateway's answer to a request for approval: an open prompt, no approver, or an expired prompt
    callGatewayTool: async (_, method, __, params) => {
      if (method === "exec.approval.request") {
        now.request = params;
        if (now.route === "stop") throw stopped;
        if (now.route === "none") return { id: params.id, decision: null, expiresAtMs: Date.now() };
        return { status: "accepted", id: params.id, expiresAtMs: Date.now() + 1000 };
      }
      if (method === "exec.approval.waitDecision") return { id: params.id, decision: null };
      return {};
    },
    sendExecApprovalFollowupResult: async (_, __, text) => now.done({ ran: false, text }),
    evaluateShellAllowlistWithAuthorization: async (real, params) => note(params, await real(params)),
    evaluateShellAllowlist: (real, params) => note(params, real(params)),
    resolveExecHostApprovalContext: (real, params) => keepContext(real(params)),
    executeNodeHostCommand: () => { now.uncovered = "host=node"; throw stopped; },
    createDefaultExecApprovalRequestContext: (real, params) => { now.warnings = params.warnings.join("\n"); return real(params); },
    commandRequiresSecurityAuditSuppressionApproval: (real, params) => (now.suppression = real(params)),
    // the document
    resolveExecApprovalsPath: () => path.join(scratch, "exec-approvals.json"),
    loadExecApprovals: (real) => (found.snapshotFromExecApprovalsRow ? now.file() : real()),
    ensureExecApprovals: (real) => (found.snapshotFromExecApprovalsRow ? now.file() : real()),
    ensureExecApprovalsSnapshot: async () => ({ file: now.file() }),
    commitExecAuthorizations: async (_, params) => {
      const file = found.applyRecordedAllowlistUse({ ...params, file: now.file() }) ?? now.file();
      return { snapshot: { file }, readCurrent: () => now.file() };
    },
    // surroundings
    getShellPathFromLoginShell: () => null,
    mergeGatewayAgentCliPath: (_, dirs) => dirs,
    readSecretStoreExecEnvironment: () => ({ env: {} }),
    hasDurableExecApproval: (real, params) => (now.durable = real(params)),
    runWithGatewayIndependentRootWorkAdmission: async (_, work) => work(),
    withoutGatewayToolCallerIdentity: (_, work) => work(),
    logInfo: never, logWarn: never, emitTrustedSecurityEvent: never, publishGatewayGuardianReview: never,
  };
  const WANTED = ["createExecTool", "resolveExecConfig", "resolveExecToolConfig", "projectEffectiveExecPolicy", "resolveExecApprovalsFromFile",
    "minSecurity", "maxAsk", "resolveExecModePolicy", "snapshotFromExecApprovalsRow", "applyRecordedAllowlistUse", "normalizeExecApprovals"];

  globalThis.__judge = { found, edges: EDGES };
  const names = new Set([...Object.keys(EDGES), ...WANTED]);
  const declared = /^(async )?function ([A-Za-z_$][\w$]*)\(/gm;
  const home = new Map(); // function name -> file
  for (const file of fs.readdirSync(dist).filter((name) => /\.m?js$/.test(name)))
    for (const [, , name] of fs.readFileSync(path.join(dist, file), "utf8").matchAll(declared))
      if (names.has(name)) home.set(name, [...(home.get(name) ?? []), file]);
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.startsWith(pathToFileURL(dist).href) || !/\.m?js$/.test(url) || loaded.format !== "module") return loaded;
      const text = Buffer.from(loaded.source).toString("utf8");
      let tail = "";
      const source = text.replace(declared, (all, isAsync = "", name) => {
        if (!names.has(name)) return all;
        if (!(name in EDGES)) { tail += `\n__judge.found.${name} ??= ${name};`; return all; }
        tail += `\nfunction ${name}(...all) { return __judge.edges.${name}(__real_${name}, ...all); }\n__judge.found.${name} ??= __real_${name};`;
        return `${isAsync}function __real_${name}(`;
      });
      return tail ? { ...loaded, source: source + tail } : loaded;
    },
  });
  const need = (name) => { if (!home.has(name)) { emit(""); throw new Error(`judge: this release has no function ${name}`); } return home.get(name); };
  for (const name of ["createExecTool", "runExecProcess", "callGatewayTool", "resolveExecApprovalsFromFile", "resolveExecHostApprovalContext"]) need(name);
  if (!home.has("resolveExecConfig") && !home.has("resolveExecToolConfig")) throw new Error(`judge: this release has no known resolver of tools.exec`);
  for (const name of ["createExecTool", home.has("resolveExecToolConfig") ? "resolveExecToolConfig" : "resolveExecConfig", "snapshotFromExecApprovalsRow", "applyRecordedAllowlistUse", "normalizeExecApprovals", "projectEffectiveExecPolicy", "resolveExecModePolicy"])
    for (const file of home.get(name) ?? []) await import(pathToFileURL(path.join(dist, file)).href);

  function note(params, evaluation) {
    if (now.evaluation === undefined) { now.evaluation = evaluation; now.allowlist = params.allowlist; }
    return evaluation;
  }
  function keepContext(context) {
    const keep = (value) => { now.context = value; return value; };
    return typeof context?.then === "function" ? context.then(keep) : keep(context);
  }

  // One attempt. route: "stop" (record that a prompt was asked for), "none" (no approver), "expire" (open, never answered).
  async function attempt(test, route) {
    const agent = test.agent ?? "main";
    let raw = typeof test.document === "string" ? test.document : JSON.stringify(test.document ?? { version: 1, agents: {} });
    let file;
    if (test.via === "set") raw = JSON.stringify(found.normalizeExecApprovals(JSON.parse(raw)));
    now = { route, file: () => structuredClone(file ??= found.snapshotFromExecApprovalsRow({ path: "judge", row: { raw_json: raw } }).file) };
    const settled = new Promise((resolve) => (now.done = (outcome) => { now.outcome ??= outcome; resolve(outcome); }));
    if (!found.snapshotFromExecApprovalsRow) fs.writeFileSync(path.join(scratch, "exec-approvals.json"), raw, { mode: 0o600 });
    process.env.PATH = test.path ?? "";
    process.env.HOME = test.home ?? path.join(scratch, "home");
    const cfg = structuredClone(test.config ?? {});
    const resolver = found.resolveExecToolConfig ?? found.resolveExecConfig;
    const base = resolver({ cfg, agentId: agent });
    if (base.host === "sandbox" || base.host === "node") now.uncovered = `host=${base.host}`;
    const policy = test.permissionMode && found.projectEffectiveExecPolicy
      ? found.projectEffectiveExecPolicy({ base, permissionPolicy: { mode: test.permissionMode } }) : {};
    const cron = test.context === "cron";
    const tool = found.createExecTool({
      ...base, ...policy, config: cfg, agentId: agent, cwd: test.cwd, allowBackground: true, sessionKey: `agent:${agent}:main`,
      messageProvider: cron ? undefined : "webchat", trigger: cron ? "cron" : undefined,
      autoReviewer: async () => { now.review = true; return { decision: "ask", risk: "high", rationale: "judge" }; },
    });
    const args = { command: test.command };
    for (const key of ["env", "ask", "security"]) if (test[key] !== undefined) args[key] = test[key];
    try {
      now.result = await tool.execute("judge", args);
    } catch (error) {
      now.error = error;
    }
    if (route === "expire" && String(now.result?.details?.status).startsWith("approval-")) {
      let timer;
      await Promise.race([settled, new Promise((resolve) => (timer = setTimeout(resolve, 5000)))]);
      clearTimeout(timer);
    }
    return now;
  }
  function textOf(result) {
    return result?.content?.map((part) => part.text ?? "").join("\n") ?? String(result?.message ?? result ?? "");
  }
  const firstLine = (text) => String(text).trim().split("\n")[0];

  function policyOf(test, state) {
    if (state.context) return { security: state.context.hostSecurity, ask: state.context.hostAsk, askFallback: state.context.askFallback };
    // Denied before the gateway's merge. What the model requested was not merged either, so the policy is not known.
    if (test.ask !== undefined || test.security !== undefined) return { security: null, ask: null, askFallback: null };
    // Otherwise the same functions, called directly.
    const base = (found.resolveExecToolConfig ?? found.resolveExecConfig)({ cfg: test.config ?? {}, agentId: test.agent ?? "main" });
    const policy = test.permissionMode && found.projectEffectiveExecPolicy ? found.projectEffectiveExecPolicy({ base, permissionPolicy: { mode: test.permissionMode } }) : base;
    const file = found.snapshotFromExecApprovalsRow ? state.file() : found.loadExecApprovals();
    let { security = file.defaults?.security && !found.resolveExecModePolicy ? file.defaults.security : "full", ask = file.defaults?.ask && !found.resolveExecModePolicy ? file.defaults.ask : "off" } = policy;
    if (found.resolveExecModePolicy) ({ security, ask } = found.resolveExecModePolicy({ mode: policy.mode, security, ask }));
    const host = found.resolveExecApprovalsFromFile({ file, agentId: test.agent ?? "main", overrides: { security, ask } }).agent;
    const merged = policy.bypassHostApprovalFloors ? security : found.minSecurity(security, host.security);
    return { security: merged, ask: policy.bypassHostApprovalFloors ? ask : found.maxAsk(ask, host.ask), askFallback: found.minSecurity(merged, host.askFallback) };
  }
  function segmentsOf(test, state) {
    const evaluation = state.evaluation;
    if (!evaluation) return [];
    const agent = test.agent ?? "main";
    const owners = [];
    const file = state.context?.approvals?.file;
    for (const scope of ["*", agent]) for (const index of (file?.agents?.[scope]?.allowlist ?? []).keys()) owners.push({ scope, index });
    const list = state.allowlist ?? [];
    return (evaluation.segments ?? []).map((segment, at) => {
      const entry = evaluation.segmentAllowlistEntries?.[at] ?? null;
      const by = evaluation.segmentSatisfiedBy?.[at] ?? null;
      const resolution = segment.resolution ?? {};
      const target = resolution.execution ?? resolution;
      const where = entry ? list.findIndex((candidate) => candidate === entry || (candidate.id && candidate.id === entry.id)) : -1;
      const effective = resolution.effectiveArgv;
      return {
        argv: segment.argv,
        ...(effective && JSON.stringify(effective) !== JSON.stringify(segment.argv) ? { effective } : {}),
        resolved: target.resolvedPath ?? null,
        real: target.resolvedRealPath ?? null,
        by: by === "safeBuiltins" ? "builtin" : by === "allowlist" && entry?.source === "allow-always" ? "durable" : by,
        entry: entry ? { ...(owners[where] ?? {}), pattern: entry.pattern, ...(entry.argPattern !== undefined ? { argPattern: entry.argPattern } : {}) } : null,
      };
    });
  }
  function whyAsks(policy, state) {
    const evaluation = state.evaluation ?? {};
    const why = [];
    if (policy.ask === "always") why.push("ask-always");
    if (policy.security === "allowlist" && policy.ask === "on-miss" && !state.durable) {
      if (!evaluation.analysisOk) why.push("not-analysable" + (evaluation.authorizationPlan?.reason ? `: ${evaluation.authorizationPlan.reason}` : ""));
      else if (!evaluation.allowlistSatisfied) why.push("allowlist-miss");
    }
    const said = [state.request?.warningText, state.warnings].filter(Boolean).join("\n");
    if (/heredoc execution requires/.test(said)) why.push("heredoc");
    if (/strict inline-eval/.test(said)) why.push("inline-eval");
    if (/auto-execution is unavailable/.test(said)) why.push("plan-unavailable");
    if (state.suppression && !(policy.security === "full" && policy.ask === "off")) why.push("audit-suppression");
    return why.length ? why.join("+") : "mutable-file";
  }

  async function judge(test) {
    const first = await attempt(test, test.context === "cron" ? "none" : "stop");
    const evaluation = first.evaluation;
    const policy = policyOf(test, first);
    const verdict = { id: test.id, verdict: undefined, reason: undefined, ...policy,
      analysable: evaluation ? evaluation.analysisOk === true : null,
      satisfied: evaluation ? evaluation.analysisOk === true && evaluation.allowlistSatisfied === true : null,
      segments: segmentsOf(test, first) };
    if (first.review) verdict.review = true;
    if (first.uncovered) return { ...verdict, verdict: "uncovered", reason: first.uncovered };
    if (first.ran) {
      verdict.verdict = "runs";
      if (first.request) verdict.reason = "ask-fallback";
      else if (!evaluation) verdict.reason = "full-bypass";
      else if (policy.security === "full") verdict.reason = "full";
      else verdict.reason = evaluation.analysisOk && evaluation.allowlistSatisfied ? "allowlist" : "durable";
      if (first.ran.execCommand !== undefined && first.ran.execCommand !== test.command) verdict.execCommand = first.ran.execCommand;
      return verdict;
    }
    if (first.request && first.route === "stop") {
      verdict.verdict = "asks";
      verdict.reason = whyAsks(policy, first);
      const second = await attempt(test, "expire");
      const outcome = second.outcome ?? (second.ran ? { ran: true } : { ran: false, text: second.error?.message ?? textOf(second.result) });
      verdict.unanswered = outcome.ran || second.ran ? "runs" : "denied";
      if (verdict.unanswered === "denied") verdict.unansweredReason = (/^Exec denied \(gateway id=[^,]*, (.*?)\): /.exec(outcome.text ?? "") ?? [, firstLine(outcome.text ?? "")])[1];
      return verdict;
    }
    verdict.verdict = "denied";
    const text = first.error && first.error !== stopped ? first.error.message : first.outcome?.text ?? textOf(first.result);
    verdict.reason = firstLine(text);
    if (first.error && !/denied|refus|Security Violation|cannot|not available|requires|preflight|SYSTEM_RUN|approval|forbidden|invalid|limit|too|Provide a command/i.test(text)) {
      verdict.verdict = "error";
      if (debug) process.stderr.write(`judge: ${first.error.stack}\n`);
    }
    return verdict;
  }

  // Not node:readline, which also ends a line at U+2028.
  let pending = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    const lines = (pending + chunk).split("\n");
    pending = lines.pop();
    for (const line of lines) await answer(line);
  }
  if (pending) await answer(pending);
  process.exit(0);

  async function answer(line) {
    let test;
    try {
      test = JSON.parse(line);
      emit(JSON.stringify(await judge(test)) + "\n");
    } catch (error) {
      emit(JSON.stringify({ id: test?.id ?? null, verdict: "error", reason: String(error.stack ?? error).split("\n").slice(0, 3).join(" | ") }) + "\n");
    }
  }
}
