//! Slint markup: every word can be translated, and only the theme names colours, sizes and durations.
//!
//! A light scanner, not a parser: it knows comments, strings, braces and parentheses, which is enough to tell
//! a label from the sample data in a screen's door.

use super::sources::Source;
use super::{Finding, Rule};

/// The one file that names colours, sizes and durations.
const THEME: &str = "theme.slint";
/// Hairlines and hidden sizes may be written where they are used.
const PX_MAX: u32 = 4;
/// Properties whose strings a person reads.
const READ_BY_PEOPLE: &[&str] =
    &["text", "title", "label", "hint", "message", "caption", "placeholder-text", "accessible-label"];

/// Checks one markup file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !source.text.starts_with("// ") {
        let what = "the file does not open with `//` and one sentence that says what it shows";
        findings.push(Finding::fault(Rule::Opening, &source.path, 1, what));
    }
    let scan = Scan::of(&source.text);
    for literal in scan.literals.iter().filter(|literal| literal.needs_translation()) {
        let what = format!("\"{}\" cannot be translated; write @tr(\"...\")", literal.text);
        findings.push(Finding::fault(Rule::MarkupText, &source.path, literal.line, what));
    }
    if source.file_name() != THEME {
        let is_screen = source.path.contains("/screens/");
        for (index, code) in scan.code.lines().enumerate() {
            if let Some(what) = style_named(code, is_screen) {
                findings.push(Finding::fault(Rule::MarkupStyle, &source.path, index + 1, what));
            }
        }
    }
    findings
}

/// A colour anywhere, or in a screen also a size or a duration, written out instead of taken from the theme.
fn style_named(code: &str, is_screen: bool) -> Option<String> {
    if let Some(colour) = hex_colour(code) {
        return Some(format!("the colour {colour} stands outside the theme; give it a name in {THEME}"));
    }
    if code.contains("Colors.") {
        return Some(format!("a named colour stands outside the theme; give it a name in {THEME}"));
    }
    if !is_screen {
        return None;
    }
    numbers_with_unit(code).find_map(|(number, unit)| match unit {
        "px" | "phx" | "pt" | "mm" if number > PX_MAX => {
            Some(format!("the size {number}{unit} stands in a screen; take it from Theme"))
        }
        "ms" | "s" if number > 0 => {
            Some(format!("the duration {number}{unit} stands in a screen; take it from Theme"))
        }
        _ => None,
    })
}

fn hex_colour(code: &str) -> Option<String> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>();
    code.split('#')
        .skip(1)
        .map(digits)
        .find(|digits| [3, 4, 6, 8].contains(&digits.len()))
        .map(|hex| format!("#{hex}"))
}

/// Whole parts of the numbers that carry a unit; `1.5s` gives 1, which is enough to tell it from nothing.
fn numbers_with_unit(code: &str) -> impl Iterator<Item = (u32, &str)> {
    let words = code.split(|letter: char| {
        !letter.is_ascii_alphanumeric() && letter != '.' && letter != '_' && letter != '-'
    });
    words.filter_map(|word| {
        let word = word.trim_start_matches('-');
        let digits = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = word.split_at(digits);
        let whole = number.split('.').next().unwrap_or_default();
        whole.parse().ok().map(|number| (number, unit))
    })
}

/// A string of the markup and where it stands.
#[derive(Debug)]
struct Literal {
    line: usize,
    text: String,
    /// Inside `@tr(...)` or `@image-url(...)`.
    is_wrapped: bool,
    /// In an import, or in the sample data of a screen's door.
    is_data: bool,
    /// The property it is bound to, if it is bound directly.
    property: String,
}

impl Literal {
    fn needs_translation(&self) -> bool {
        if self.is_wrapped || self.is_data {
            return false;
        }
        let words = without_holes(&self.text);
        let is_chinese = words.chars().any(|letter| ('\u{3400}'..='\u{9fff}').contains(&letter));
        let is_read = READ_BY_PEOPLE.contains(&self.property.as_str());
        is_chinese || (is_read && words.chars().any(char::is_alphabetic))
    }
}

/// The text without its `\{...}` parts, which are code.
fn without_holes(text: &str) -> String {
    let mut parts = text.split("\\{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |words, part| words + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// What is around the place the scanner stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Translated,
    Door,
    Other,
}

/// The result: code with comments and strings blanked out, line by line, and the strings.
#[derive(Debug, Default)]
struct Scan {
    code: String,
    literals: Vec<Literal>,
    around: Vec<Around>,
    /// Code since the last `{`, `}` or `;`.
    statement: String,
    line: usize,
}

impl Scan {
    fn of(text: &str) -> Self {
        let mut scan = Self { line: 1, ..Self::default() };
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match (letter, letters.peek()) {
                ('/', Some('/')) => scan.skip(&mut letters, "\n"),
                ('/', Some('*')) => scan.skip(&mut letters, "*/"),
                ('"', _) => scan.string(&mut letters),
                _ => scan.code_letter(letter),
            }
        }
        scan
    }

    fn skip(&mut self, letters: &mut impl Iterator<Item = char>, end: &str) {
        let mut last = [' '; 2];
        for letter in letters {
            last = [last[1], letter];
            if letter == '\n' {
                self.new_line();
            }
            let is_end = if end.len() == 1 { letter == '\n' } else { last == ['*', '/'] };
            if is_end {
                return;
            }
        }
    }

    fn new_line(&mut self) {
        self.code.push('\n');
        self.line += 1;
    }

    fn string(&mut self, letters: &mut impl Iterator<Item = char>) {
        let line = self.line;
        let mut text = String::new();
        let mut is_escaped = false;
        for letter in letters {
            if letter == '"' && !is_escaped {
                break;
            }
            if letter == '\n' {
                self.new_line();
            }
            is_escaped = letter == '\\' && !is_escaped;
            text.push(letter);
        }
        let statement = self.statement.trim();
        self.literals.push(Literal {
            line,
            text,
            is_wrapped: self.around.contains(&Around::Translated),
            is_data: self.around.contains(&Around::Door)
                || statement.starts_with("import")
                || statement.ends_with("from"),
            property: bound_property(statement),
        });
        self.statement.push('"');
        self.code.push('"');
    }

    fn code_letter(&mut self, letter: char) {
        match letter {
            '\n' => return self.new_line(),
            '(' => {
                let is_wrapped =
                    ["@tr", "@image-url"].iter().any(|call| self.statement.trim_end().ends_with(call));
                self.around.push(if is_wrapped { Around::Translated } else { Around::Other });
            }
            '{' => {
                let is_door = self.statement.split_whitespace().any(|word| word == "global");
                self.around.push(if is_door { Around::Door } else { Around::Other });
            }
            ')' | '}' => {
                self.around.pop();
            }
            _ => {}
        }
        self.code.push(letter);
        if ['{', '}', ';'].contains(&letter) {
            self.statement.clear();
        } else {
            self.statement.push(letter);
        }
    }
}

/// `title` of the statement `title: root.a ?`; empty when the statement binds nothing.
fn bound_property(statement: &str) -> String {
    let Some((name, _)) = statement.split_once(':') else {
        return String::new();
    };
    name.split_whitespace().last().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sources::fixture;
    use super::*;

    fn rules(path: &str, body: &str) -> Vec<(Rule, usize)> {
        let source = fixture(path, &format!("// What it shows.\n{body}"));
        check(&source).into_iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    const SCREEN: &str = "ui/slint/screens/offers.slint";

    #[test]
    fn a_word_outside_tr_is_found_with_its_line() {
        assert_eq!(rules(SCREEN, "component A {\n  Label { text: \"领取\"; }\n}"), [(Rule::MarkupText, 3)]);
        assert_eq!(rules(SCREEN, "A { title: root.on ? \"Claim\" : \"\"; }"), [(Rule::MarkupText, 2)]);
        assert_eq!(rules(SCREEN, "A { text: @tr(\"领取 {}\", n); }"), []);
        assert_eq!(rules(SCREEN, "for s in [@tr(\"一\"), \"二\"]: A { }"), [(Rule::MarkupText, 2)]);
    }

    #[test]
    fn sample_data_imports_comments_and_signs_need_no_translation() {
        let body = "import { Theme } from \"../theme.slint\";\n/* \"领取\" */\n\
                    export global Offers {\n in property <string> title: \"夜市\"; // \"夜市\"\n}\n\
                    A { text: \"¥\\{root.amount}\"; picture: @image-url(\"a.png\"); visible: x == \"open\"; }";
        assert_eq!(rules(SCREEN, body), []);
    }

    #[test]
    fn after_a_door_closes_words_count_again() {
        let body = "export global Offers { in property <[string]> a: [\"夜市\"]; }\nA { text: \"夜市\"; }";
        assert_eq!(rules(SCREEN, body), [(Rule::MarkupText, 3)]);
    }

    #[test]
    fn colours_stand_in_the_theme_only() {
        assert_eq!(rules("ui/slint/widgets/card.slint", "A { background: #fff; }"), [(Rule::MarkupStyle, 2)]);
        assert_eq!(
            rules("ui/slint/widgets/card.slint", "A { background: Colors.red; }"),
            [(Rule::MarkupStyle, 2)]
        );
        assert_eq!(rules("ui/slint/theme.slint", "A { background: #ffffff; }"), []);
    }

    #[test]
    fn a_screen_names_no_size_and_no_duration() {
        assert_eq!(rules(SCREEN, "A { width: 24px; }"), [(Rule::MarkupStyle, 2)]);
        assert_eq!(rules(SCREEN, "animate x { duration: 180ms; }"), [(Rule::MarkupStyle, 2)]);
        assert_eq!(rules(SCREEN, "A { x: 0px; width: 24 * Theme.mm; height: 2px; opacity: 0.5; }"), []);
        assert_eq!(rules("ui/slint/widgets/card.slint", "A { width: 24px; }"), []);
    }

    #[test]
    fn markup_opens_with_a_sentence_too() {
        assert_eq!(check(&fixture(SCREEN, "export component A { }"))[0].rule, Rule::Opening);
    }
}
