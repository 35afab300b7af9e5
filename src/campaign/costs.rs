//! What a campaign's rewards can cost at most: what a marketer has to have agreed on before it runs.

use serde::Serialize;

use super::Parsed;
use super::rewards::RewardRules;
use crate::engine::money::Money;

/// What all rewards of a campaign can cost. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Costs {
    /// The ISO 4217 code of every amount.
    pub currency: String,
    /// The sum of what is known of each reward.
    pub most: i64,
    /// Whether that is all: of every reward it is known.
    pub whole: bool,
    /// Each reward, in the order of the document.
    pub rewards: Vec<RewardCost>,
}

/// What one reward can cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RewardCost {
    /// Its name in the document.
    pub reward: String,
    /// How participants see it.
    pub title: String,
    /// What it is.
    pub kind: &'static str,
    /// What one grant costs: cash its `amount`, all else its `worth`; absent where the document does not say, or grants differ.
    pub each: Option<i64>,
    /// How many there are.
    pub stock: Option<u32>,
    /// How much money there is for it.
    pub budget: Option<i64>,
    /// Stock times `each`, and not more than the budget; absent where nothing bounds it, or what one is worth is not known.
    pub most: Option<i64>,
}

/// What the rewards of a document can cost at most, by their stock and budget. What plays take off prices, as a bargain or
/// the price of a group, is no reward and not in it.
///
/// ```
/// use kfactor::campaign::{Campaign, Names, costs};
/// let document = include_str!("../../examples/campaigns/ten-friends.json");
/// let costs = costs(&Campaign::parse(document, &Names::default()).unwrap());
/// let popcorn = &costs.rewards[1];
/// assert_eq!((popcorn.each, popcorn.stock, popcorn.most), (Some(1_200), Some(100_000), Some(120_000_000)));
/// ```
#[must_use]
pub fn costs(document: &Parsed) -> Costs {
    let Parsed { campaign, names, .. } = document;
    let known = campaign.rewards.iter().zip(names.rewards.iter());
    let rewards: Vec<RewardCost> =
        known.filter_map(|(rules, name)| Some(cost(rules.as_ref()?, name))).collect();
    Costs {
        currency: campaign.currency.code().to_owned(),
        most: rewards.iter().filter_map(|reward| reward.most).fold(0, i64::saturating_add),
        whole: rewards.iter().all(|reward| reward.most.is_some()),
        rewards,
    }
}

fn cost(rules: &RewardRules, name: &str) -> RewardCost {
    let minor = |amount: Option<Money>| amount.map(|Money(minor)| minor);
    RewardCost {
        reward: name.to_owned(),
        title: rules.title.to_string(),
        kind: rules.kind.as_str(),
        each: minor(rules.each()),
        stock: rules.stock.map(|stock| stock.get()),
        budget: minor(rules.budget),
        most: minor(rules.most()),
    }
}
