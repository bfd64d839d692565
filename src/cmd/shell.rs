//! A command in one string: Perl's rule whether a shell runs it.

const SPACES: [u8; 6] = *b" \t\n\r\x0b\x0c";
const SHELL_CHARACTERS: &[u8] = b"$&*(){}[]'\";\\|?<>~`\n";

fn is_space(byte: &u8) -> bool {
    SPACES.contains(byte)
}

pub(crate) fn skip_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| is_space(b)).count()..]
}

/// Without the white space around it, as Perl knows that: the vertical tab too.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let text = skip_spaces(text);
    &text[..text.len() - text.iter().rev().take_while(|b| is_space(b)).count()]
}

/// How Perl runs a command string: by sh, or split at white space without one. The flag: standard error goes where
/// standard output goes.
pub(super) enum Parsed {
    Shell,
    Words(Vec<Vec<u8>>, bool),
}

/// Perl's rule (do_exec3 of its doio.c): metacharacters decide, and the beginnings "exec ", ". " and "NAME=". One
/// newline at the end is dropped, and a closing " 2>&1" is done without a shell.
pub(super) fn parse_shell(command: &[u8]) -> Parsed {
    let text = skip_spaces(command);
    let starts = |word: &[u8]| text.strip_prefix(word).is_some_and(|rest| rest.first().is_some_and(is_space));
    let word = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if starts(b"exec") || starts(b".") || text.get(word) == Some(&b'=') {
        return Parsed::Shell;
    }
    let mut end = text.len();
    let mut merge = false;
    if let Some(at) = text.iter().position(|b| SHELL_CHARACTERS.contains(b)) {
        let rest = &text[at..];
        let after = rest.strip_prefix(b">&1").filter(|after| after.iter().all(is_space));
        if rest == b"\n" {
            end = at;
        } else if after.is_some() && at >= 2 && text[at - 1] == b'2' && is_space(&text[at - 2]) {
            end = at - 2;
            merge = true;
        } else {
            return Parsed::Shell;
        }
    }
    let words = text[..end].split(is_space).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect();
    Parsed::Words(words, merge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Option<Vec<String>> {
        match parse_shell(command.as_bytes()) {
            Parsed::Shell => None,
            Parsed::Words(words, _) => {
                Some(words.into_iter().map(|word| String::from_utf8(word).unwrap_or_default()).collect())
            }
        }
    }

    #[test]
    fn single_characters_that_need_a_shell() {
        let all = (33..=126u8).chain([9, 11, 12, 128, 255]).filter(|c| !c.is_ascii_alphanumeric());
        let shell: Vec<u8> =
            all.filter(|c| matches!(parse_shell(&[b"cmd a", &[*c][..], b"b"].concat()), Parsed::Shell)).collect();
        assert_eq!(String::from_utf8_lossy(&shell), "\"$&'()*;<>?[\\]`{|}~");
    }

    #[test]
    fn newlines_and_beginnings() {
        assert!(words("cmd\n").is_some());
        assert!(words("cmd\n\n").is_none());
        assert!(words("cmd\na").is_none());
        assert!(words(" cmd ").is_some());
        assert!(words("cmd\n ").is_none());
        assert!(words("exec cmd").is_none());
        assert!(words("execute cmd").is_some());
        assert!(words("A=1 cmd").is_none());
        assert!(words(". file").is_none());
        assert!(words("./file").is_some());
        assert_eq!(words("a\tb\x0bc  d"), Some(["a", "b", "c", "d"].map(String::from).to_vec()));
    }

    #[test]
    fn merging_at_the_end_needs_no_shell() {
        assert!(matches!(parse_shell(b"cmd a 2>&1 "), Parsed::Words(words, true) if words.len() == 2));
        assert!(matches!(parse_shell(b"cmd 2>&1 b"), Parsed::Shell));
        assert!(matches!(parse_shell(b"cmd2>&1"), Parsed::Shell));
        assert!(matches!(parse_shell(b"cmd 12>&1"), Parsed::Shell));
    }
}
