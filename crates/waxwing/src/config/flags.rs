//! The flags of `serve` and `config print`, made from the table of settings.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::table::SETTINGS;

/// The settings that were given on the command line, as text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) config: Option<String>,
    /// `--until-stdin-closes`, for `demo` and `bench`.
    pub(crate) until_stdin_closes: bool,
    /// By key.
    pub(crate) values: BTreeMap<&'static str, String>,
}

fn arguments() -> impl Iterator<Item = Arg> {
    let config = Arg::new("config").long("config").value_name("FILE").help(
        "Read settings from this TOML file; its keys are the flags with underscores [env: WAXWING_CONFIG]",
    );
    let settings = SETTINGS.iter().filter(|setting| !setting.secret).map(|setting| {
        let default = match setting.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        let help = format!("{}{default}", setting.help);
        Arg::new(setting.key)
            .long(setting.flag())
            .value_name(setting.value)
            .help(help)
            .help_heading("Settings")
    });
    let until =
        Arg::new("until_stdin_closes").long("until-stdin-closes").action(ArgAction::SetTrue).hide(true);
    [config, until].into_iter().chain(settings)
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(arguments())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.until_stdin_closes = matches.get_flag("until_stdin_closes");
        self.config = matches.get_one::<String>("config").cloned();
        for setting in SETTINGS.iter().filter(|setting| !setting.secret) {
            if let Some(value) = matches.get_one::<String>(setting.key) {
                self.values.insert(setting.key, value.clone());
            }
        }
        Ok(())
    }
}
