//! Findings of law, with their sources: what a campaign in China should not promise.
//!
//! * Rules on promotions (规范促销行为暂行规定, in force since 2020-12-01), article 17: the highest prize of a draw tied
//!   to sales is worth no more than 50,000 yuan.
//! * Regulation against pyramid selling (禁止传销条例, 2005), article 7: nobody has to buy in order to recruit, and pay goes
//!   by sales, not by heads. Levels beyond the second are refused by the commission play itself.

use crate::campaign::Root;
use crate::campaign::decode::Cx;
use crate::campaign::problem::code;
use crate::campaign::units::Currency;
use crate::engine::command::Act;
use crate::engine::handle::Reward;
use crate::engine::money::Money;
use crate::json::tree::Node;

/// The highest prize of a draw, in fen.
const HIGHEST: Money = Money(5_000_000);

/// Warns of prizes above the legal cap.
pub fn check(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    if campaign.currency != Currency::CNY {
        return;
    }
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let handle = cx.scope.names().play(&member.key);
        let Some(play) = handle.and_then(|handle| campaign.plays.get(handle.index())?.as_ref()) else {
            continue;
        };
        let worth = |reward: Reward| {
            let rules = campaign.rewards.get(reward.index())?.as_ref()?;
            rules.amount.or(rules.worth)
        };
        let prizes = play.rules.liability().into_iter().filter_map(|(reward, _)| worth(reward));
        if play.rules.offers(Act::Draw) && prizes.max().is_some_and(|prize| prize > HIGHEST) {
            cx.within("plays", |cx| {
                cx.within(&member.key, |cx| {
                    cx.warning(code::LAW_PRIZE, member.key_start, |_| {
                        (
                            String::from(
                                "A prize of this draw is worth more than 50000.00, the most that may be drawn for in a sales \
                                 promotion (China, rules on promotions of 2020-12-01, article 17).",
                            ),
                            String::from(
                                "该抽奖的奖品价值超过 50000.00 元：抽奖式有奖销售的最高奖不得超过五万元（《规范促销行为暂行规定》\
                                 第十七条，2020-12-01 起施行）。",
                            ),
                        )
                    });
                });
            });
        }
    }
}
