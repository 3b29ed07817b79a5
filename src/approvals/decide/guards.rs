//! Commands that a gateway refuses whatever the policy.

use super::host::Host;
use super::profile::Profile;
use super::question::Question;

/// Why a gateway refuses the command.
pub(super) fn refusal(_question: &Question<'_>, _profile: Profile, _host: &dyn Host) -> Option<String> {
    None
}
