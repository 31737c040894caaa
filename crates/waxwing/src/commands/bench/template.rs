//! Texts with `{{names}}` in them, from which an adapter's requests are made.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is known, by name.
pub(super) type Known = BTreeMap<String, String>;

/// A text with names to fill in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The same with what is known filled in.
    pub(super) fn filled(&self, known: &Known) -> Self {
        let mut filled = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_text(text),
                Part::Name(name) => match known.get(name) {
                    Some(text) => filled.push_text(text),
                    None => filled.parts.push(part.clone()),
                },
            }
        }
        filled
    }

    /// Appends the text; `value` writes what stands for a name.
    pub(super) fn write(&self, into: &mut String, mut value: impl FnMut(&str, &mut String)) {
        for part in &self.parts {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Name(name) => value(name, into),
            }
        }
    }

    /// The text, in which names that are not known stand for nothing.
    pub(super) fn text(&self, known: &Known) -> String {
        let mut text = String::new();
        self.write(&mut text, |name, into| into.push_str(known.get(name).map_or("", String::as_str)));
        text
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut template = Self::default();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err("a {{ has no }} after it".to_owned());
            };
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                return Err(format!("{{{{{name}}}}} is no name; names are a-z and _"));
            }
            template.push_text(before);
            template.parts.push(Part::Name(name.to_owned()));
            rest = after;
        }
        template.push_text(rest);
        Ok(template)
    }
}

/// Method and path of a request, such as `POST /api/events`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Target {
    pub(super) method: http::Method,
    pub(super) path: Template,
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once(' ').filter(|(_, path)| path.starts_with('/'));
        let method = parts.and_then(|(method, _)| method.parse().ok());
        let (Some(method), Some((_, path))) = (method, parts) else {
            return Err(format!("{text:?} is no request: write a method and a path, such as POST /events"));
        };
        Ok(Self { method, path: Template::try_from(path.to_owned())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pairs: &[(&str, &str)]) -> Known {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_are_filled_in_now_or_later() {
        let template = Template::try_from(r#"{"a":"{{account}}","e":{{event}}}"#.to_owned()).unwrap();
        let partly = template.filled(&known(&[("account", "acme")]));
        assert_eq!(partly.names().collect::<Vec<_>>(), ["event"]);
        assert_eq!(partly.text(&known(&[("event", "7")])), r#"{"a":"acme","e":7}"#);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["{{", "{{}}", "{{A b}}", "a {{b"] {
            assert!(Template::try_from(text.to_owned()).is_err(), "{text}");
        }
        for text in ["POST", "/a", "POST a", "{{m}} /a", "POST /{{"] {
            assert!(Target::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
