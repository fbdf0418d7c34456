//! Which files of a folder are left out: by the `.helmignore` of a chart, or by a list of its patterns.
//!
//! Helm's rules, which are not Git's: a pattern with `!` leaves out all that it does not fit, and there is no `**`.

use std::iter::Peekable;
use std::str::Chars;

/// The rules of one folder.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    pattern: String,
    is_negated: bool,
    only_folders: bool,
    scope: Scope,
}

/// What of a path a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// All of it.
    Path,
    /// Its last part.
    Name,
}

/// What Helm leaves out always: hidden files among the templates.
const ALWAYS: &str = "templates/.?*";

impl Rules {
    /// Reads the file's text; an empty one for a chart without it.
    ///
    /// # Errors
    /// A pattern that Helm refuses.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().chain([ALWAYS]).map(str::trim);
        let rules = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(rule);
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// Reads patterns of which each leaves out what it fits.
    ///
    /// # Errors
    /// A text that is no such pattern, as a clause.
    pub fn of<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let read = patterns.into_iter().map(|pattern| {
            let no_pattern = || format!("`{pattern}` is no pattern");
            if pattern.trim_matches('/').is_empty() || pattern.starts_with('!') {
                return Err(no_pattern());
            }
            rule(pattern).map_err(|_| no_pattern())
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a file or folder, by its path from the chart's, is left out.
    pub fn leave_out(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let fits = rule.fits(path);
            if rule.is_negated {
                if (rule.only_folders && !is_folder) || !fits {
                    return true;
                }
            } else if fits && (is_folder || !rule.only_folders) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Result<Rule, String> {
    if line.contains("**") {
        return Err(format!(".helmignore holds `{line}`, and `**` is not known to Helm"));
    }
    if !is_pattern(line) {
        return Err(format!(".helmignore holds `{line}`, which is no pattern to Helm"));
    }
    let (is_negated, rest) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (only_folders, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
    let scope = if rest.contains('/') { Scope::Path } else { Scope::Name };
    Ok(Rule { pattern: rest.trim_start_matches('/').to_owned(), is_negated, only_folders, scope })
}

/// Whether Go's `filepath.Match` takes a pattern: what is escaped is there, and what is in brackets is well formed.
fn is_pattern(text: &str) -> bool {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.next().is_none() => return false,
            '[' if !takes_set(&mut rest) => return false,
            _ => {}
        }
    }
    true
}

/// Takes what is in brackets, and their end: one character or range at least.
fn takes_set(rest: &mut Peekable<Chars<'_>>) -> bool {
    rest.next_if_eq(&'^');
    loop {
        if !takes_one(rest) || (rest.next_if_eq(&'-').is_some() && !takes_one(rest)) {
            return false;
        }
        if rest.next_if_eq(&']').is_some() {
            return true;
        }
    }
}

fn takes_one(rest: &mut Peekable<Chars<'_>>) -> bool {
    match rest.next() {
        None | Some('-' | ']') => false,
        Some('\\') => rest.next().is_some(),
        Some(_) => true,
    }
}

impl Rule {
    fn fits(&self, path: &str) -> bool {
        let text = match self.scope {
            Scope::Path => path,
            Scope::Name => path.rsplit('/').next().unwrap_or(path),
        };
        let (pattern, text): (Vec<char>, Vec<char>) = (self.pattern.chars().collect(), text.chars().collect());
        fits(&pattern, &text)
    }
}

/// Go's `filepath.Match`: `*` and `?` do not fit a slash, `[…]` is one of some characters, `\` takes the next as it is.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return text.is_empty() };
    match first {
        '*' => {
            let end = text.iter().position(|c| *c == '/').unwrap_or(text.len());
            (0..=end).any(|at| text.get(at..).is_some_and(|text| fits(rest, text)))
        }
        '[' => one_of(rest, text),
        _ => {
            let Some((found, text)) = text.split_first() else { return false };
            match (first, rest.split_first()) {
                ('?', _) => *found != '/' && fits(rest, text),
                ('\\', Some((escaped, rest))) => escaped == found && fits(rest, text),
                _ => first == found && fits(rest, text),
            }
        }
    }
}

/// One of the characters or ranges up to `]`; `^` stands for all others.
fn one_of(pattern: &[char], text: &[char]) -> bool {
    let Some((found, text)) = text.split_first() else { return false };
    let Some(end) = pattern.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else { return false };
    let (set, rest) = (pattern.get(..end).unwrap_or_default(), pattern.get(end + 1..).unwrap_or_default());
    let (is_negated, set) = match set.split_first() {
        Some(('^', set)) => (true, set),
        _ => (false, set),
    };
    let mut is_in = false;
    let mut at = 0;
    while let Some(low) = set.get(at) {
        let high = if set.get(at + 1) == Some(&'-') { set.get(at + 2) } else { None };
        is_in |= low <= found && found <= high.unwrap_or(low);
        at += if high.is_some() { 3 } else { 1 };
    }
    is_in != is_negated && *found != '/' && fits(rest, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_out_as_helm_does() {
        let rules = Rules::parse("# a comment\n.git/\n*.tmp\n/docs/*.md\nsecret?.txt\n[a-c].bin\n").unwrap();
        for (path, is_folder, expected) in [
            (".git", true, true),
            (".git", false, false),
            ("a/b.tmp", false, true),
            ("docs/a.md", false, true),
            ("x/docs/a.md", false, false),
            ("secret1.txt", false, true),
            ("secret.txt", false, false),
            ("b.bin", false, true),
            ("d.bin", false, false),
            ("templates/.hidden", false, true),
            ("templates/a.yaml", false, false),
            ("Chart.yaml", false, false),
        ] {
            assert_eq!(rules.leave_out(path, is_folder), expected, "{path}");
        }
        for wrong in ["a/**/b", "[a", "[]a].txt", "\\", "[a-]", "[-a]", "x[^]"] {
            assert!(Rules::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["[a]", "[^a-c].txt", "[\\]]", "\\[a", "a]", "[a-c][d]*"] {
            assert!(Rules::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn patterns_of_a_list_leave_out_what_they_fit() {
        let rules = Rules::of(["*.tfstate", ".terraform/", "/docs"]).unwrap();
        assert!(rules.leave_out("a/b.tfstate", false) && rules.leave_out("x/.terraform", true));
        assert!(
            rules.leave_out("docs", true) && !rules.leave_out("x/docs", true) && !rules.leave_out("main.tf", false)
        );
        for wrong in ["", "/", "!*.tf", "a/**/b", "[a"] {
            assert!(Rules::of([wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_negated_pattern_leaves_out_all_others() {
        let rules = Rules::parse("!*.yaml").unwrap();
        assert!(rules.leave_out("a.txt", false) && !rules.leave_out("a.yaml", false));
    }
}
