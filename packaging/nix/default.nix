# Builds clearance from this source:
#     nix-build packaging/nix
{ pkgs ? import <nixpkgs> { } }:

pkgs.rustPlatform.buildRustPackage {
  pname = "clearance";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).package.version;
  src = pkgs.lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ pkgs.installShellFiles ];
  # The tests of commands need more than a build has: terminals, time, and files of the repository.
  cargoTestFlags = [ "--lib" ];

  postInstall = ''
    installManPage completions/man/*.1
    installShellCompletion --cmd clearance --bash completions/clearance.bash \
      --fish completions/clearance.fish --zsh completions/_clearance
    install -D --mode 644 --target-directory $out/share/doc/clearance LICENSE-* README.md CHANGELOG.md
  '';

  meta = {
    description = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).package.description;
    license = with pkgs.lib.licenses; [ mit asl20 ];
    mainProgram = "clearance";
    platforms = pkgs.lib.platforms.linux ++ pkgs.lib.platforms.darwin;
  };
}
