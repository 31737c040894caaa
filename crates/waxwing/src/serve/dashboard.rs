//! The dashboard with its logo, read once at the start.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use anyhow::Context;
use waxwing_api::dashboard::{Dashboard, Logo, MAX_LOGO_BYTES};

use crate::{config::dashboard::Settings, exit::Exit};

/// The dashboard, if it is to be served.
///
/// # Errors
/// What is wrong with the logo, with the exit code of wrong usage.
pub(super) fn open(settings: &Settings) -> anyhow::Result<Option<Arc<Dashboard>>> {
    let Some(mut dashboard) = settings.served.clone() else { return Ok(None) };
    if let Some(path) = &settings.logo_file {
        dashboard.theme.logo = Some(logo(path).map_err(|error| {
            Exit::Usage.because(format_args!("dashboard_logo_file {}: {error:#}", path.display()))
        })?);
    }
    Ok(Some(Arc::new(dashboard)))
}

fn logo(path: &Path) -> anyhow::Result<Logo> {
    let file = File::open(path).context("cannot be read")?;
    let mut bytes = Vec::new();
    // One more than may be, to tell that there are too many.
    file.take(MAX_LOGO_BYTES as u64 + 1).read_to_end(&mut bytes).context("cannot be read")?;
    Ok(Logo::read(bytes)?)
}
