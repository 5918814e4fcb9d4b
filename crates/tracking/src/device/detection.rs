//! What all steps of a detection share: the rules, the names, the hints and the matcher.

use super::candidates::{Candidates, List};
use super::compile::fragments::Fragment;
use super::compile::rules::{Pattern, Rules};
use super::hints::ClientHints;
use super::machine::{Code, Found, Scratch};
use super::names::Names;
use super::subject::{Boundary, Subject};
use super::version::VersionDepth;
use std::borrow::Cow;

/// One detection.
pub struct Detection<'d> {
    pub rules: &'d Rules,
    pub names: &'d Names,
    pub candidates: &'d Candidates,
    /// `None` when no hint was sent.
    pub hints: Option<&'d ClientHints>,
    pub depth: VersionDepth,
    pub scratch: Scratch,
}

impl<'d> Detection<'d> {
    fn code(&self) -> Code<'d> {
        Code {
            bytes: &self.rules.code,
            sets: &self.rules.sets,
        }
    }

    /// Matches a rule's expression.
    pub fn find<'t>(&mut self, pattern: Pattern, subject: &Subject<'t>) -> Option<Found<'t>> {
        self.code()
            .find(pattern, subject, Boundary::Rule, &mut self.scratch)
    }

    /// Prepares a text.
    pub fn subject<'t>(&self, text: &'t str) -> Subject<'t> {
        Subject::new(text, self.candidates)
    }

    /// The first rule of a list that matches.
    pub fn first_of<'t, R>(
        &mut self,
        list: List,
        rules: &'d [R],
        subject: &Subject<'t>,
    ) -> Option<(&'d R, Found<'t>)> {
        let candidates = self.candidates;
        candidates
            .of_list(list, subject.candidates())
            .find_map(|(place, pattern)| {
                let found = self.find(pattern, subject)?;
                Some((rules.get(place)?, found))
            })
    }

    /// Matches a fixed expression.
    pub fn find_fragment<'t>(
        &mut self,
        fragment: Fragment,
        subject: &Subject<'t>,
        boundary: Boundary,
    ) -> Option<Found<'t>> {
        let pattern = *self.rules.index.fragments.get(fragment as usize)?;
        self.code()
            .find(pattern, subject, boundary, &mut self.scratch)
    }

    /// Whether a fixed expression matches.
    pub fn has(&mut self, fragment: Fragment, subject: &Subject<'_>, boundary: Boundary) -> bool {
        let Some(pattern) = self.rules.index.fragments.get(fragment as usize) else {
            return false;
        };
        let code = self.code();
        code.is_match(*pattern, subject, boundary, &mut self.scratch)
    }

    /// Whether the user agent is that of a desktop browser that leaves the model out.
    pub fn is_plain_desktop(&mut self, subject: &Subject<'_>) -> bool {
        self.has(Fragment::DesktopSystem, subject, Boundary::Rule)
            && !self.has(Fragment::NotDesktop, subject, Boundary::Rule)
    }

    /// Whether the user agent is a frozen one of Chrome on Android, without model and version.
    pub fn is_frozen_android(&mut self, subject: &Subject<'_>) -> bool {
        self.has(Fragment::FrozenAndroid, subject, Boundary::Anywhere)
            && !contains(subject.lower(), b"telegram-android/")
    }

    /// Puts the model out of the hints into a user agent that was cut down to none.
    pub fn restore_model<'t>(&mut self, subject: &Subject<'t>) -> Option<Cow<'t, str>> {
        let hints = self.hints.filter(|hints| !hints.model.is_empty())?;
        let mut text = Cow::Borrowed(subject.text());
        if self.is_frozen_android(subject) {
            let version = match hints.platform_version.as_str() {
                "" => "10",
                version => version,
            };
            text = Cow::Owned(restore_android(&text, version, &hints.model));
        }
        let is_desktop = match &text {
            Cow::Borrowed(_) => self.is_plain_desktop(subject),
            Cow::Owned(text) => self.is_plain_desktop(&self.subject(text)),
        };
        if is_desktop {
            let mut restored = text.into_owned();
            for system in ["X11; Linux x86_64", "Windows NT 10.0; Win64; x64"] {
                restored = restored.replace(system, &format!("{system}; {}", hints.model));
            }
            text = Cow::Owned(restored);
        }
        match text {
            Cow::Borrowed(_) => None,
            text => Some(text),
        }
    }
}

/// Replaces "Android 10; K" and "Android 11" to "Android 17" by the true version and the model.
fn restore_android(text: &str, version: &str, model: &str) -> String {
    let mut restored = String::with_capacity(text.len() + model.len());
    let mut rest = text;
    while let Some(at) = rest.find("Android 1") {
        let (before, found) = rest.split_at(at);
        restored.push_str(before);
        match frozen_version_length(&found["Android ".len()..]) {
            Some(length) => {
                restored.push_str(&format!("Android {version}; {model}"));
                rest = &found["Android ".len() + length..];
            }
            None => {
                restored.push_str("Android 1");
                rest = &found["Android 1".len()..];
            }
        }
    }
    restored.push_str(rest);
    restored
}

fn frozen_version_length(version: &str) -> Option<usize> {
    if let Some(rest) = version.strip_prefix("10") {
        let after = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        return after
            .starts_with("; K")
            .then(|| version.len() - after.len() + "; K".len());
    }
    matches!(version.as_bytes(), [b'1', b'1'..=b'7', ..]).then_some(2)
}

/// Whether a text has a part in it.
pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restores_frozen_user_agents() {
        for (text, expected) in [
            ("(Linux; Android 10; K) X", "(Linux; Android 14; Pixel) X"),
            (
                "(Linux; Android 10.1; K Build/1)",
                "(Linux; Android 14; Pixel Build/1)",
            ),
            ("(Android 13) Android 1", "(Android 14; Pixel) Android 1"),
            ("Android 10; Q", "Android 10; Q"),
        ] {
            assert_eq!(restore_android(text, "14", "Pixel"), expected);
        }
    }
}
