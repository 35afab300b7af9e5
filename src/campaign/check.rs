//! Findings that need more than one part of the document: it can be taken, but does it do what is meant?

use super::Root;
use super::decode::Cx;
use super::problem::code;
use super::rewards::RewardKind;
use crate::engine::command::Act;
use crate::engine::time::Span;
use crate::json::tree::Node;

/// Warns of rewards that nothing gives.
pub(super) fn check_use(root: &Node<'_>, cx: &mut Cx) {
    cx.within("rewards", |cx| {
        for member in root.get("rewards").map(Node::members).unwrap_or_default() {
            let name = &member.key;
            if super::names::is_name(name) && !cx.scope.is_used(name) {
                cx.within(name, |cx| {
                    cx.warning(
                        code::SHAPE_UNUSED,
                        member.key_start,
                        format!("No play gives the reward \"{name}\"."),
                        format!("没有任何玩法发放奖励“{name}”。"),
                    );
                });
            }
        }
    });
}

/// Refuses cash without an amount, unless every play that gives it decides the amount itself.
pub(super) fn check_amounts(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let Some(rewards) = root.get("rewards") else { return };
    for member in rewards.members() {
        let Some(handle) = cx.scope.names().reward(&member.key) else { continue };
        let Some(Some(reward)) = campaign.rewards.get(handle.index()) else { continue };
        let decided = campaign.plays.iter().flatten().any(|play| play.rules.portions().contains(&handle));
        if decided && reward.kind != RewardKind::Cash {
            at(cx, &["rewards", &member.key, "kind"], |cx| {
                cx.error(
                    code::PORTION_CASH,
                    member.value.get("kind").map_or(member.value.start, |kind| kind.start),
                    String::from("The play decides the amount of this reward, so it has to be cash."),
                    String::from("该奖励的金额由玩法决定，因此必须是现金（cash）。"),
                );
            });
            continue;
        }
        if reward.kind != RewardKind::Cash || reward.amount.is_some() {
            continue;
        }
        let fixed = campaign.plays.iter().flatten().any(|play| {
            let gives = play.rules.liability().iter().any(|(given, _)| *given == handle);
            gives && !play.rules.portions().contains(&handle)
        });
        if fixed || !decided {
            at(cx, &["rewards", &member.key], |cx| super::rewards::report_amount(member.value.start, cx));
        }
    }
}

/// Warns of plays that do not fit the campaign around them.
pub(super) fn check_plays(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let runs = Span(campaign.runs.until.0.saturating_sub(campaign.runs.from.0));
    let on_pages = campaign.surfaces.as_ref().is_some_and(|list| list.contains(&super::Surface::H5));
    let Some(plays) = root.get("plays") else { return };
    for member in plays.members() {
        let handle = cx.scope.names().play(&member.key);
        let Some(play) = handle.and_then(|handle| campaign.plays.get(handle.index())?.as_ref()) else {
            continue;
        };
        if play.rules.window().is_some_and(|window| window > runs) {
            let within = member.value.get("within");
            at(cx, &["plays", &member.key, "within"], |cx| {
                cx.warning(
                    code::REACH_WINDOW,
                    within.map_or(member.key_start, |node| node.start),
                    String::from("A loop stays open longer than the whole campaign runs."),
                    String::from("每一轮的有效期比整个活动还长。"),
                );
            });
        }
        // Source: WeChat's rules for external links (2019-10-28): help and invitations with any incentive.
        let asks =
            play.rules.offers(Act::Help) || (play.rules.offers(Act::Join) && !play.rules.offers(Act::Pay));
        if on_pages && asks && !play.rules.liability().is_empty() {
            at(cx, &["plays", &member.key], |cx| {
                cx.warning(
                    code::PLATFORM_SHARE,
                    member.key_start,
                    String::from(
                        "WeChat blocks H5 links that reward people for helping or inviting when they are shared in \
                         chats and Moments; share a mini-program there.",
                    ),
                    String::from("在聊天和朋友圈分享有奖助力或有奖邀请的 H5 链接，会被微信拦截；请改为分享小程序。"),
                );
            });
        }
    }
}

/// Warns of accepted warnings that are not raised.
pub(super) fn check_accept(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    for member in root.get("accept").map(Node::members).unwrap_or_default() {
        let name = &member.key;
        if cx.has(name) || !campaign.accept.holds(name) || campaign.accept.holds(code::SHAPE_ACCEPT) {
            continue;
        }
        at(cx, &["accept", name], |cx| {
            cx.warning(
                code::SHAPE_ACCEPT,
                member.key_start,
                format!("This campaign raises no warning {name}, so nothing is accepted by it."),
                format!("这个活动没有 {name} 警告，不需要接受。"),
            );
        });
    }
}

fn at(cx: &mut Cx, path: &[&str], report: impl FnOnce(&mut Cx)) {
    match path.split_first() {
        Some((first, rest)) => cx.within(first, |cx| at(cx, rest, report)),
        None => report(cx),
    }
}
