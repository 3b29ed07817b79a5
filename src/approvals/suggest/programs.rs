//! What of a program's arguments may vary. That is decided by what is known to be harmless: of a program that is not known to
//! read only, nothing varies but a number after a word for reading.

use super::words::{Flag, tokens};

/// What of a program's arguments may vary. A smaller one allows less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freedom {
    /// Nothing: the program deletes, overwrites, stops or sends something.
    Nothing,
    /// An argument of digits, after a word for reading: what the program does is unknown.
    Numbers,
    /// Also hashes, dates and the names of files: the program only reads.
    Files,
}

/// Programs that only read, whatever their arguments are. None of them has an argument for an output except behind the options
/// of [`Flag::is_place`].
const READERS: &str = "b2sum basename cat cksum cmp comm cut df diff dirname du echo egrep fgrep file fold free grep groups \
                       head hexdump id jq ls lsblk md5 md5sum nl nproc od paste printf ps pwd readlink realpath rev rg seq \
                       sha1sum sha224sum sha256sum sha384sum sha512sum shasum stat strings sum tac tail tr uname uptime wc who \
                       whoami zcat zgrep";

/// Programs that delete, overwrite, stop or send something.
const EFFECTS: &str = "7z adduser ar arp blkdiscard bunzip bzip cfdisk chattr chage chfn chgrp chmod chown chpasswd chsh cp cpio \
                       createdb createuser crontab cryptsetup curl dd debugfs delgroup deluser dig dmsetup dropdb dropuser \
                       e2fsck eject fallocate fdisk fsck ftp gdisk gpasswd groupadd groupdel groupmod gunzip gzip halt host \
                       hostname hostnamectl hping hwclock ifconfig init insmod install ip iptables kill killall ln losetup \
                       lvchange lvcreate lvextend lvreduce lvremove lvresize mdadm mkdir mke2fs mkfifo mkfs mknod mkswap \
                       modprobe mount mv nc ncat netcat newusers nft nmap nmcli nslookup parted passwd ping pkill poweroff \
                       pvcreate pvremove rclone reboot rename renice rfkill rm rmdir rmmod route rsync sc scp service setfacl \
                       sfdisk sfill sftp shred shutdown skill sort split srm ssh sshpass swapoff swapon sysctl systemctl tar tc \
                       tee telinit telnet timedatectl touch tracepath traceroute truncate tune2fs ufw umount uncompress uniq unlink \
                       unlzma unrar unxz unzip unzstd useradd userdel usermod vgchange vgcreate vgremove vipw wall wget whois wipefs \
                       write xfs_repair xxd xz zfs zip zpool zstd";

/// Words for reading, as the command of a program: `tickets show 12`.
const READS: &str = "cat check count describe diff display explain find get head history info inspect list log logs ls print query \
                     read search show stat stats status tail top version view";

/// Words for something else than reading. Nothing varies beside them.
const CHANGES: &str = "abort accept activate add allow apply approve archive assign ban block cancel clean clear clone close \
                       comment commit create deactivate del delete deny deploy destroy disable discard drop edit enable erase \
                       evict exec expire export flush force format grant halt import install invoke kick kill lock merge migrate \
                       modify move mv overwrite pay post promote prune publish purge push put recreate refund reject release \
                       remove rename replace reset resize resolve restart restore revert revoke rm roll rollback rotate run save \
                       scale send set shutdown start stop submit suspend sync terminate transfer truncate unblock uninstall \
                       unlink unlock unset update upgrade upload wipe write";

/// Files that hold several programs. The name by which one is called decides which program runs.
const MANY: &str =
    "box busybox coreutils kmod lvm mtools sbase-box systemd toybox ubase-box util-linux uutils";

fn has(list: &str, name: &str) -> bool {
    list.split(' ').any(|known| known == name)
}

/// The last part of a path, in lower case.
fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase()
}

/// A name without an ending or a version: `mkfs` of `mkfs.ext4`.
fn plain(name: &str) -> &str {
    let short = name.split('.').next().unwrap_or(name).trim_end_matches(|c: char| c.is_ascii_digit());
    let short = short.trim_end_matches('-');
    if short.is_empty() { name } else { short }
}

/// What of a program's arguments may vary, by its path or name.
pub fn freedom(program: &str) -> Freedom {
    let name = name(program);
    if has(EFFECTS, &name) || has(EFFECTS, plain(&name)) {
        Freedom::Nothing
    } else if has(READERS, &name) {
        Freedom::Files
    } else {
        Freedom::Numbers
    }
}

/// Whether one file is many programs, by its path or name: an entry for it allows all of them.
pub fn is_many(program: &str) -> bool {
    let name = name(program);
    has(MANY, &name)
        || has(MANY, plain(&name))
        || ["coreutils", "busybox", "toybox"].iter().any(|many| name.contains(many))
        || ["-multi", "multicall"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a word that names a program, and the file that it leads to, have the same name but for an ending or a version. A
/// script is the same program under each of its names.
pub fn is_same(word: &str, real: &str) -> bool {
    let (word, real) = (name(word), name(real));
    let is_script = ["cjs", "js", "mjs", "php", "pl", "py", "rb", "sh"]
        .iter()
        .any(|ending| real.ends_with(&format!(".{ending}")));
    is_script
        || real.strip_prefix(&word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        || plain(&word) == plain(&real)
}

/// Whether the words after a program that is not known begin with one for reading, before a place, and none is for anything
/// else.
pub(super) fn only_reads(words: &[String], before: usize) -> bool {
    const FIRST: usize = 3;
    let is_change = |word: &String| tokens(word).any(|token| has(CHANGES, &token));
    let mut named = words.iter().take(before).filter(|word| Flag::of(word).is_none()).take(FIRST);
    named.any(|word| has(READS, word)) && !words.iter().any(is_change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_free_by_what_is_known_of_it() {
        for (program, expected) in [
            ("/bin/cat", Freedom::Files),
            ("tail", Freedom::Files),
            ("/usr/bin/tickets", Freedom::Numbers),
            ("/usr/bin/cat-all", Freedom::Numbers),
            ("/usr/sbin/mkfs.ext4", Freedom::Nothing),
            ("zfs", Freedom::Nothing),
            ("curl", Freedom::Nothing),
            ("bzip2", Freedom::Nothing),
            ("RM", Freedom::Nothing),
        ] {
            assert_eq!(freedom(program), expected, "{program}");
        }
        for list in [READERS, EFFECTS, READS, CHANGES, MANY] {
            assert!(list.split(' ').all(|word| !word.is_empty()), "{list}");
        }
        assert!(READERS.split(' ').all(|reader| !has(EFFECTS, reader)));
        assert!(READS.split(' ').all(|word| !has(CHANGES, word)));
    }

    #[test]
    fn files_of_many_programs_are_recognised() {
        for many in [
            "/usr/bin/coreutils",
            "/bin/busybox",
            "/nix/store/x/coreutils-9.1",
            "xtables-nft-multi",
            "/sbin/lvm",
        ] {
            assert!(is_many(many), "{many}");
        }
        assert!(!is_many("/usr/bin/cat"));
        for (word, real) in [
            ("python3", "/usr/bin/python3.11"),
            ("/bin/vim", "/usr/bin/vim.basic"),
            ("tool", "/opt/lib/tool/cli.js"),
            ("node", "/opt/node-22"),
            ("cat", "/bin/cat"),
        ] {
            assert!(is_same(word, real), "{word} {real}");
        }
        for (word, real) in [
            ("cat", "/bin/coreutils"),
            ("reboot", "/bin/systemctl"),
            ("see", "/bin/show"),
            ("ca", "/bin/cat"),
        ] {
            assert!(!is_same(word, real), "{word} {real}");
        }
    }

    #[test]
    fn a_number_varies_only_after_a_word_for_reading() {
        let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (text, expected) in [
            ("show 12", true),
            ("pr view 12", true),
            ("--namespace=a get pod 12", true),
            ("12", false),
            ("12 show", false),
            ("close 12", false),
            ("show 12 --delete", false),
            ("show 12 --force-remove", false),
            ("a b c show 12", false),
        ] {
            let words = split(text);
            let at = words.iter().position(|word| word == "12").unwrap();
            assert_eq!(only_reads(&words, at), expected, "{text}");
        }
    }
}
