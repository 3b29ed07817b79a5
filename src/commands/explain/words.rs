//! A command made of words that are taken literally.

/// Keywords of the shell, which are quoted so that they name a program.
const KEYWORDS: [&str; 22] = [
    "!", "[[", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function",
    "if", "in", "select", "then", "time", "until", "while", "]]",
];

/// The shell text that means exactly these words. Every release reads single quotes alike.
pub fn joined(words: &[String]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        let special = if word.starts_with('-') { "/._-+=:@%," } else { "/._-+:@%," };
        let is_plain =
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || special.contains(c));
        if is_plain && !KEYWORDS.contains(&word.as_str()) {
            text.push_str(word);
        } else {
            text.push('\'');
            text.push_str(&word.replace('\'', r"'\''"));
            text.push('\'');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_reads_more() {
        let words = ["git", "log", "--format=%h", "a b", "it's", "", "~", "$HOME"].map(str::to_owned);
        assert_eq!(joined(&words), r"git log --format=%h 'a b' 'it'\''s' '' '~' '$HOME'");
        assert_eq!(joined(&["A=1".to_owned(), "if".to_owned()]), "'A=1' 'if'");
    }
}
