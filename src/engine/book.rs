//! The rule book: every revision of a campaign, because a running loop keeps the rules it was opened under.

use std::sync::Arc;

use super::handle::{Play, Reward};
use super::hash::Keys;
use crate::campaign::limits::{Action, Actions};
use crate::campaign::{Campaign, Names, Parsed, Problem};
use crate::campaign::{play::PlayRules, rewards::RewardRules};

/// The revisions of one campaign and the names they share.
#[derive(Clone, Debug)]
pub struct Book {
    /// Names of plays, rewards, touchpoints and events; a name keeps its handle in later revisions.
    pub names: Names,
    /// The campaign's seed: for share handles, codes and draws, and as the key of hashes.
    pub seed: [u8; 32],
    revisions: Vec<Arc<Campaign>>,
    current: Arc<Campaign>,
    /// What limits and rules against abuse of any revision count.
    counted: Actions,
    /// The names of the first revision.
    first: Names,
}

impl Book {
    /// A book with its first revision; the warnings come along.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn new(text: &str, seed: [u8; 32]) -> Result<(Book, Vec<Problem>), Vec<Problem>> {
        let Parsed { campaign, names, warnings } = Campaign::parse(text, &Names::default())?;
        let campaign = Arc::new(campaign);
        let first = names.clone();
        Ok((Book::of(campaign, names, seed, first), warnings))
    }

    /// Adds a revision, which holds for loops opened from now on.
    ///
    /// # Errors
    /// Every problem of the document; another campaign id and another currency are among them.
    pub fn revise(&mut self, text: &str) -> Result<Vec<Problem>, Vec<Problem>> {
        let Parsed { campaign, names, warnings } = Campaign::parse(text, &self.names)?;
        if campaign.id != self.current.id {
            return Err(vec![Problem::other_campaign(&self.current.id)]);
        }
        if campaign.currency != self.current.currency {
            let (from, to) = (self.current.currency.code(), campaign.currency.code());
            return Err(vec![Problem::other_currency(from, to)]);
        }
        let campaign = Arc::new(campaign);
        self.names = names;
        self.counted = self.counted.and(campaign.counted);
        self.revisions.push(campaign.clone());
        self.current = campaign;
        Ok(warnings)
    }

    /// The book as it was before any revision was added.
    #[must_use]
    pub fn begun(&self) -> Book {
        let current = self.revisions.first().unwrap_or(&self.current).clone();
        let (names, first) = (self.first.clone(), self.first.clone());
        Book::of(current, names, self.seed, first)
    }

    /// A book with one revision.
    fn of(campaign: Arc<Campaign>, names: Names, seed: [u8; 32], first: Names) -> Book {
        let counted = campaign.counted;
        Book { names, seed, revisions: vec![campaign.clone()], current: campaign, counted, first }
    }

    /// Whether any limit or rule against abuse counts an action, in any revision.
    #[must_use]
    pub fn counts(&self, action: Action) -> bool {
        self.counted.has(action)
    }

    /// The latest revision.
    #[must_use]
    pub fn current(&self) -> &Campaign {
        &self.current
    }

    /// The number of the latest revision.
    #[must_use]
    pub fn revision(&self) -> u16 {
        u16::try_from(self.revisions.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// A revision by number.
    #[must_use]
    pub fn campaign(&self, revision: u16) -> &Campaign {
        self.revisions.get(usize::from(revision)).map_or(&self.current, |campaign| campaign)
    }

    /// A play as it stood in a revision.
    #[must_use]
    pub fn play(&self, revision: u16, play: Play) -> Option<&PlayRules> {
        self.campaign(revision).plays.get(play.index())?.as_ref()
    }

    /// A reward as it stands now: stock and budget may be raised while loops run.
    #[must_use]
    pub fn reward(&self, reward: Reward) -> Option<&RewardRules> {
        let known = |campaign: &Campaign| campaign.rewards.get(reward.index()).is_some_and(Option::is_some);
        let campaign = self.revisions.iter().rev().find(|campaign| known(campaign))?;
        campaign.rewards.get(reward.index())?.as_ref()
    }

    /// The name of a play.
    #[must_use]
    pub fn play_name(&self, play: Play) -> &str {
        self.names.plays.get(play.index()).map_or("", String::as_str)
    }

    /// The name of a reward.
    #[must_use]
    pub fn reward_name(&self, reward: Reward) -> &str {
        self.names.rewards.get(reward.index()).map_or("", String::as_str)
    }

    /// The keys of the state's hashes.
    #[must_use]
    pub fn hash_keys(&self) -> Keys {
        Keys::new(self.seed)
    }
}
