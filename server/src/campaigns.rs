//! The campaigns on this server, each with its keeper.

use crate::error::{Code, Failure};
use crate::keeper::{Keeper, Revised, Tools, invalid};
use crate::log::Append;
use crate::machine::{Machine, ReplayError, fail, warnings};
use kfactor::campaign::Problem;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// What loading a document did.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The campaign's id.
    pub campaign: String,
    /// What became of the document.
    pub revised: Revised,
    /// What is worth knowing about it.
    pub warnings: Vec<Problem>,
}

/// Every campaign by id.
pub struct Campaigns {
    tools: Tools,
    most: usize,
    keepers: RwLock<BTreeMap<String, Arc<Keeper>>>,
    /// One document at a time, so that two cannot both be the first of their campaign.
    loading: tokio::sync::Mutex<()>,
}

/// Why the campaigns of the log cannot be served.
#[derive(Debug)]
pub struct StartError {
    campaign: String,
    error: ReplayError,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "campaign `{}`: {}", self.campaign, self.error)
    }
}

impl std::error::Error for StartError {}

impl Campaigns {
    /// Rebuilds every campaign of the log, from a snapshot where there is one, and starts its keeper.
    ///
    /// # Errors
    /// When the log cannot be read, or an answer in it is not what the engine answers now.
    pub fn start(tools: Tools, most: usize) -> Result<Campaigns, StartError> {
        let of = |campaign: &str| {
            let campaign = campaign.to_owned();
            move |error: ReplayError| StartError { campaign, error }
        };
        let known = tools.log.campaigns().map_err(|error| of("*")(error.into()))?;
        let mut keepers = BTreeMap::new();
        for campaign in known {
            let machine = Machine::resume(&*tools.log, &tools.snapshots, &campaign, u64::MAX);
            let machine = machine.map_err(of(&campaign))?;
            tools.metrics.replayed(machine.as_ref());
            if let Some(machine) = machine {
                let keeper = Keeper::start(&campaign, machine, tools.clone()).map_err(|error| {
                    of(&campaign)(ReplayError::Log(crate::log::LogError(error.to_string())))
                })?;
                keepers.insert(campaign, Arc::new(keeper));
            }
        }
        Ok(Campaigns { tools, most, keepers: RwLock::new(keepers), loading: tokio::sync::Mutex::new(()) })
    }

    /// The keeper of a campaign.
    ///
    /// # Errors
    /// `CAMPAIGN_UNKNOWN`.
    pub fn get(&self, campaign: &str) -> Result<Arc<Keeper>, Code> {
        let keepers = self.keepers.read().unwrap_or_else(PoisonError::into_inner);
        keepers.get(campaign).cloned().ok_or(Code::CampaignUnknown)
    }

    /// Every keeper, in the order of the campaigns' ids.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Keeper>> {
        self.keepers.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Loads a document: the first of a campaign, a revision, or one that is already in force.
    ///
    /// # Errors
    /// The problems of the document, too many campaigns, and failures of the log.
    pub async fn load(&self, mut document: String) -> Result<Loaded, Failure> {
        let _one_at_a_time = self.loading.lock().await;
        // The mark that some editors of Windows put before a text is no part of it.
        if document.starts_with('\u{FEFF}') {
            document.remove(0);
        }
        let warnings = warnings(&document);
        // A text without an id goes to the engine all the same: it says best what is wrong.
        let id = id_of(&document);
        if let Some((campaign, keeper)) = id.clone().and_then(|id| Some((id.clone(), self.get(&id).ok()?))) {
            let revised = keeper.revise(document).await?;
            return Ok(Loaded { campaign, revised, warnings });
        }
        let mut seed = [0u8; 32];
        getrandom::fill(&mut seed).map_err(|_| Code::Unavailable)?;
        let now = self.tools.clock.now();
        let (machine, record) = Machine::open(&document, seed, now).map_err(|problems| invalid(&problems))?;
        let campaign = id.ok_or(Code::CampaignInvalid)?;
        self.check_room(machine.document().number)?;
        let (log, name) = (Arc::clone(&self.tools.log), campaign.clone());
        let append = tokio::task::spawn_blocking(move || log.append(&name, 0, &[record])).await;
        if matches!(append, Ok(Append::Appended)) {
            self.keep(&campaign, machine)?;
            return Ok(Loaded { campaign, revised: Revised { revision: 1, changed: true }, warnings });
        }
        // Somebody else was first, or the log did not say: what it holds now is what counts.
        let keeper = self.rebuild(&campaign).await?;
        let revised = keeper.revise(document).await?;
        Ok(Loaded { campaign, revised, warnings })
    }

    async fn rebuild(&self, campaign: &str) -> Result<Arc<Keeper>, Failure> {
        let (log, name) = (Arc::clone(&self.tools.log), campaign.to_owned());
        let replay = move || Machine::replay(&*log, &name, u64::MAX, fail);
        let replayed = tokio::task::spawn_blocking(replay).await.map_err(|_| Code::OutcomeUnknown)?;
        let machine = replayed.map_err(|_| Code::OutcomeUnknown)?.ok_or(Code::NotRecorded)?;
        self.keep(campaign, machine)
    }

    fn keep(&self, campaign: &str, machine: Machine) -> Result<Arc<Keeper>, Failure> {
        let keeper = Keeper::start(campaign, machine, self.tools.clone()).map_err(|_| Code::Unavailable)?;
        let keeper = Arc::new(keeper);
        let mut keepers = self.keepers.write().unwrap_or_else(PoisonError::into_inner);
        keepers.insert(campaign.to_owned(), Arc::clone(&keeper));
        Ok(keeper)
    }

    /// Fails when there are too many campaigns, or tokens could not tell this one from another.
    fn check_room(&self, number: u32) -> Result<(), Failure> {
        let all = self.all();
        if all.len() >= self.most {
            return Err(Code::CampaignFull.into());
        }
        match all.iter().find(|keeper| keeper.document().number == number) {
            None => Ok(()),
            Some(keeper) => {
                let other = &keeper.campaign;
                let problem = json!({
                    "code": "NUMBER_TAKEN", "severity": "error", "pointer": "/number", "line": 1, "column": 1,
                    "message": format!("Tokens could not tell this campaign from `{other}`: give it another `number`."),
                    "messageZh": format!("令牌无法区分本活动与 `{other}`：请设置其他 `number`。"),
                });
                Err(Failure::from(Code::CampaignInvalid).with("problems", json!([problem])))
            }
        }
    }
}

fn id_of(document: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_str::<Named>(document).ok().map(|named| named.id)
}
