# `packaging/build formula` replaces what is between at signs, and writes the result beside the archives of a release.
class Clearance < Formula
  desc "@DESCRIPTION@"
  homepage "@ADDRESS@"
  version "@VERSION@"
  license any_of: [@LICENCES@]

  on_macos do
    on_arm do
      url "@ADDRESS@/releases/download/v@VERSION@/clearance-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@aarch64-apple-darwin@"
    end
    on_intel do
      url "@ADDRESS@/releases/download/v@VERSION@/clearance-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@ADDRESS@/releases/download/v@VERSION@/clearance-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@ADDRESS@/releases/download/v@VERSION@/clearance-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "clearance"
    man1.install Dir["completions/man/*.1"]
    bash_completion.install "completions/clearance.bash" => "clearance"
    zsh_completion.install "completions/_clearance"
    fish_completion.install "completions/clearance.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/clearance --version")
    assert_match "Denied 23 duplicates", shell_output("#{bin}/clearance queue dedupe --gateway=embedded --yes 2>&1")
  end
end
