//! What the command line says, by the tables of commands and settings.

use crate::configuration::{self, SETTINGS};

/// Something that the program does.
pub struct Command {
    pub name: &'static str,
    /// What stands behind the name, as the help shows it.
    pub words: &'static str,
    pub about: &'static str,
    /// Flags of this command alone.
    pub flags: &'static [Flag],
    /// Names of the settings that it reads; all of them may be flags.
    pub settings: &'static [&'static str],
    pub run: fn(&Arguments) -> Result<(), String>,
}

/// A flag that is no setting.
pub struct Flag {
    pub name: &'static str,
    /// What follows it; nothing for a switch.
    pub value: &'static str,
    pub about: &'static str,
}

/// The flag that names the configuration file, of every command.
pub const CONFIG_FLAG: &str = "--config";

/// Words and flags of one call.
#[derive(Debug, Default)]
pub struct Arguments {
    pub words: Vec<String>,
    /// Name and value of each flag, in order.
    values: Vec<(String, String)>,
}

impl Arguments {
    /// Reads what follows the name of a command.
    pub fn read(
        command: &Command,
        texts: impl IntoIterator<Item = String>,
    ) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut texts = texts.into_iter();
        while let Some(text) = texts.next() {
            if !text.starts_with("--") {
                arguments.words.push(text);
                continue;
            }
            let (name, given) = match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text, None),
            };
            let needs_value = takes_value(command, &name).ok_or_else(|| {
                let command = command.name;
                format!("there is no flag {name}; see takwimu help {command}")
            })?;
            let value = match (needs_value, given) {
                (false, Some(_)) => return Err(format!("{name} takes no value")),
                (false, None) => String::new(),
                (true, Some(value)) => value,
                (true, None) => texts
                    .next()
                    .ok_or_else(|| format!("{name} needs a value"))?,
            };
            arguments.values.push((name, value));
        }
        Ok(arguments)
    }

    pub fn is_set(&self, flag: &str) -> bool {
        self.values.iter().any(|(name, _)| name == flag)
    }

    /// The last value of a flag.
    pub fn value(&self, flag: &str) -> Option<&str> {
        self.values(flag).last()
    }

    /// All values of a flag.
    pub fn values(&self, flag: &str) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(move |(name, _)| name == flag)
            .map(|(_, value)| value.as_str())
    }

    /// The last value of a flag as a number or the like.
    pub fn parsed<T: std::str::FromStr>(&self, flag: &str) -> Result<Option<T>, String> {
        match self.value(flag) {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| format!("'{text}' is no value for {flag}")),
        }
    }
}

/// Whether a value follows the flag; `None` where the command does not know it.
fn takes_value(command: &Command, name: &str) -> Option<bool> {
    if name == CONFIG_FLAG {
        return Some(true);
    }
    if let Some(flag) = command.flags.iter().find(|flag| flag.name == name) {
        return Some(!flag.value.is_empty());
    }
    let is_it = |setting: &&&configuration::Setting| setting.flag() == name;
    let mut settings = SETTINGS
        .iter()
        .filter(|setting| command.settings.contains(&setting.name));
    settings.find(|setting| is_it(&setting)).map(|_| true)
}

// ---- Help -----------------------------------------------------------------------------------

/// The list of all commands.
pub fn overview(commands: &[Command]) -> String {
    let mut text = String::from("takwimu COMMAND [FLAGS]\n\n");
    for command in commands {
        text += &format!("  {:<10} {}\n", command.name, first_sentence(command.about));
    }
    text += "\ntakwimu help COMMAND tells more of one; without a command the server is started.\n";
    text
}

fn first_sentence(about: &str) -> &str {
    about
        .split_once(". ")
        .map_or(about, |(first, _)| first)
        .trim_end_matches('.')
}

/// All that there is to say about one command.
pub fn help(command: &Command) -> String {
    let words = match command.words {
        "" => String::new(),
        words => format!(" {words}"),
    };
    let mut text = format!("takwimu {}{words} [FLAGS]\n\n", command.name);
    text += &wrapped(command.about, "");
    text += "\nFlags\n";
    for flag in command.flags {
        text += &flag_help(flag.name, flag.value, flag.about);
    }
    for setting in SETTINGS {
        if command.settings.contains(&setting.name) {
            text += &flag_help(&setting.flag(), setting.value, &setting.help());
        }
    }
    text += &flag_help(
        CONFIG_FLAG,
        "FILE",
        "settings out of a file; takwimu config prints one",
    );
    text
}

fn flag_help(name: &str, value: &str, about: &str) -> String {
    let head = format!("  {name} {value}");
    format!("{}\n{}", head.trim_end(), wrapped(about, "      "))
}

const HELP_WIDTH: usize = 96;

/// Breaks a text into lines.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        if line.len() + word.len() > HELP_WIDTH && line.len() > indent.len() {
            lines += line.trim_end();
            lines.push('\n');
            line = indent.to_owned();
        }
        line += word;
        line.push(' ');
    }
    lines + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: Command = Command {
        name: "try",
        words: "FILE...",
        about: "Tries something. It tells what came of it.",
        flags: &[
            Flag {
                name: "--often",
                value: "N",
                about: "how often",
            },
            Flag {
                name: "--loud",
                value: "",
                about: "says more",
            },
        ],
        settings: &["data"],
        run: |_| Ok(()),
    };

    fn read(texts: &[&str]) -> Result<Arguments, String> {
        Arguments::read(&COMMAND, texts.iter().map(|text| (*text).to_owned()))
    }

    #[test]
    fn flags_and_words_are_told_apart() {
        let arguments = read(&[
            "a",
            "--often",
            "3",
            "-",
            "--loud",
            "--often=4",
            "--data",
            "x",
        ])
        .expect("known flags");
        assert_eq!(arguments.words, ["a", "-"]);
        assert_eq!(arguments.parsed("--often"), Ok(Some(4)));
        assert_eq!(arguments.values("--often").collect::<Vec<_>>(), ["3", "4"]);
        assert!(arguments.is_set("--loud") && !arguments.is_set("--quiet"));
        assert_eq!(arguments.value("--data"), Some("x"));
        assert!(arguments.parsed::<u8>("--data").is_err());
    }

    #[test]
    fn flags_that_are_wrong_are_refused() {
        for (texts, message) in [
            (
                &["--port", "1"][..],
                "there is no flag --port; see takwimu help try",
            ),
            (&["--often"][..], "--often needs a value"),
            (&["--loud=1"][..], "--loud takes no value"),
        ] {
            assert_eq!(read(texts).err().as_deref(), Some(message));
        }
    }

    #[test]
    fn help_names_every_flag() {
        let text = help(&COMMAND);
        for part in [
            "takwimu try FILE... [FLAGS]",
            "--often N",
            "--loud\n",
            "--data DIR",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert!(overview(&[COMMAND]).contains("  try        Tries something\n"));
        assert!(
            text.lines().all(|line| line.len() <= HELP_WIDTH + 4),
            "{text}"
        );
    }
}
