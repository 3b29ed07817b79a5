//! Nodes behind a real gateway.

use serde_json::json;

use crate::checks::Checks;
use crate::client::Client;
use crate::common::policy;
use crate::gateway::Gateway;
use crate::node::{Keeps, Node};
use crate::tool::Tool;
use crate::wire::Wire;

/// Nodes with a document of the gateways' format.
pub(crate) fn documents(checks: &mut Checks, gateway: &Gateway) {
    let mut operator = Client::operator(gateway.address());
    let mut connect = |name: &str, keeps| Node::connect(gateway.address(), &mut operator, name, keeps);
    let document = json!({ "version": 1, "defaults": { "security": "deny" } });
    let server = connect("build-server", Keeps::Document(document.clone()));
    let laptop = connect("build-laptop", Keeps::Document(document.clone()));
    let host = Tool::on_host(&gateway.state());
    checks.check("a node by its id, its name and a prefix of it", || {
        let start = &server.id[..12];
        for name in [&server.id, "build-server", "BUILD-SERVER", "build-s", start] {
            let ran = host.run(&["approvals", "get", "--node", name, "--json"]).exits(0);
            assert_eq!(ran.json()["file"], document, "{name}: {ran:#?}");
        }
        host.run(&["approvals", "get", "--node", "build-server"])
            .exits(0)
            .says(&["build-server", "security=deny"]);
        let get = ["approvals", "get", "--node", "build-server", "--json"];
        Wire::new(gateway, "node-get", &get).run().exits(0);
    });
    checks.check("a prefix of two nodes, and of none", || {
        let ran = host.run(&["approvals", "get", "--node", "build", "--json"]).exits(2).fails_with("node");
        ran.says(&["build-server", "build-laptop", &server.id, &laptop.id]);
        host.run(&["approvals", "get", "--node", "tower", "--json"])
            .exits(2)
            .fails_with("node")
            .says(&["build-server", "build-laptop"]);
    });
    checks.check("a node's document is set", || {
        let set = ["approvals", "set", "--node", "build-server", "--json"];
        let new = policy("always");
        let ran = Wire::new(gateway, "node-set", &set).document(&new).run().exits(0);
        assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
        assert_eq!(server.keeps()["defaults"], new["defaults"]);
        assert_eq!(laptop.keeps(), document);
        let file = host.document(&policy("off"));
        let stale = "0".repeat(64);
        host.run(&["approvals", "set", "--node", "build-server", "--file", &file, "--base-hash", &stale])
            .exits(6);
        let mut misspelt = policy("off");
        misspelt["defaults"]["securty"] = json!("deny");
        let file = host.document(&misspelt);
        host.run(&["approvals", "set", "--node", "build-server", "--file", &file])
            .exits(1)
            .says(&["security"]);
    });
    checks.check("a change of a node's document between the reading and the writing", || {
        let set = ["approvals", "set", "--node", "build-server", "--json"];
        let new = policy("on-miss");
        let wire = Wire::new(gateway, "node-conflict", &set).document(&new);
        let started = wire.holding("exec.approvals.node.set").start();
        started.proxy().wait_until_held();
        let file = host.document(&policy("off"));
        host.run(&["approvals", "set", "--node", "build-server", "--file", &file]).exits(0);
        started.proxy().release();
        started.end().exits(6).fails_with("conflict");
        assert_eq!(server.keeps()["defaults"]["ask"], "off");
    });
    drop(server);
    checks.check("a node that has left", || {
        let ran =
            host.run(&["approvals", "get", "--node", "build-server", "--json"]).exits(4).fails_with("node");
        ran.says(&["not connected"]);
    });
    drop(laptop);
}

/// A node that is not approved yet: the gateway lists the request, and the printed command approves it.
pub(crate) fn waiting(checks: &mut Checks, gateway: &Gateway) {
    let mut operator = Client::operator(gateway.address());
    let host = Tool::on_host(&gateway.state());
    checks.check("a node that is not approved yet", || {
        let (waiting, device) = Node::waiting(gateway.address(), "new-server");
        let get = ["approvals", "get", "--node", "new-server", "--json"];
        let ran = host.run(&get).exits(5).fails_with("node-unapproved");
        let remedy = ran.json()["error"]["remedy"].as_str().expect("a next step").to_owned();
        let (_, rest) = remedy.split_once("openclaw nodes approve ").expect("a command");
        let request = rest.split(';').next().expect("an id");
        operator
            .call("node.pair.approve", &json!({ "requestId": request }))
            .expect("the id is the gateway's own");
        drop(waiting);
        let node =
            Node::known(gateway.address(), &device, "new-server", Keeps::Document(json!({ "version": 1 })));
        host.run(&get).exits(0);
        drop(node);
    });
}

/// Windows nodes, which have a policy of their own: an early gateway shows the policy and cannot set it.
pub(crate) fn windows(checks: &mut Checks, gateway: &Gateway, settable: bool) {
    let mut operator = Client::operator(gateway.address());
    let mut connect = |name: &str, keeps| Node::connect(gateway.address(), &mut operator, name, keeps);
    let native = json!({
        "defaultAction": "deny",
        "rules": [{ "pattern": "hostname", "action": "allow", "shells": ["cmd"], "description": "its name", "enabled": true }],
    });
    let desk = connect("Win Desk", Keeps::Native(native));
    let off = connect("Off Desk", Keeps::Nothing);
    let host = Tool::on_host(&gateway.state());
    checks.check("a Windows node's own policy", || {
        let get = ["approvals", "get", "--node", "Win Desk", "--json"];
        let got = Wire::new(gateway, "node-native-get", &get).run().exits(0).json();
        assert_eq!(got["native"]["rules"][0]["pattern"], "hostname", "{got:#?}");
        host.run(&["approvals", "get", "--node", "win"]).exits(0).says(&["allow hostname", "deny"]);
        let new = json!({
            "defaultAction": "deny",
            "rules": [{ "pattern": "whoami", "action": "allow" }, { "pattern": "hostname", "action": "deny" }],
        });
        let set = ["approvals", "set", "--node", "Win Desk", "--json"];
        let before = desk.keeps();
        let ran = Wire::new(gateway, "node-native-set", &set).document(&new).run();
        let expected = if settable {
            assert_eq!(ran.exits(0).json()["outcome"], "stored");
            &new["rules"]
        } else {
            ran.exits(1);
            &before["rules"]
        };
        assert_eq!(&desk.keeps()["rules"], expected);
        let file = host.document(&json!({ "defaultAction": "alow", "rules": [] }));
        host.run(&["approvals", "set", "--node", "Win Desk", "--file", &file]).exits(1).says(&["alow"]);
        let file = host.document(&policy("off"));
        host.run(&["approvals", "set", "--node", "Win Desk", "--file", &file]).exits(1);
        assert_eq!(&desk.keeps()["rules"], expected);
    });
    checks.check("a Windows node whose policy is switched off", || {
        let ran = host.run(&["approvals", "get", "--node", "Off Desk", "--json"]).exits(5).fails_with("node");
        ran.says(&["policy is switched off"]);
    });
    drop((desk, off));
}
