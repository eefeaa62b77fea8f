//! The words Visio says, as the window and visio-cli take them from `ui/i18n`: so a scenario that awaits a sentence does
//! not break when somebody finds a better one.

use crate::trouble::During;
use crate::{Result, Trouble, workspace};

/// The sentence `key` in `language` (`en`, `fr`), with each `{placeholder}` filled in.
pub fn sentence(language: &str, key: &str, placeholders: &[(&str, &str)]) -> Result<String> {
    let file = workspace::root().join(format!("ui/i18n/{language}.json"));
    let text = std::fs::read_to_string(&file).during(file.display())?;
    let words: serde_json::Value = serde_json::from_str(&text)?;
    let sentence = words[key]
        .as_str()
        .ok_or_else(|| Trouble::new(format!("{key} is not in {}", file.display())))?;
    let fill =
        |text: String, (name, value): &(&str, &str)| text.replace(&format!("{{{name}}}"), value);
    Ok(placeholders.iter().fold(sentence.to_owned(), fill))
}
