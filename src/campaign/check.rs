//! Findings that need more than one part of the document: it can be taken, but does it do what is meant?

use super::Root;
use super::decode::Cx;
use super::guard::Guard;
use super::limits::{Action, Actions, Limit, Per};
use super::play::PlayRules;
use super::problem::code;
use super::rewards::RewardKind;
use crate::engine::command::Act;
use crate::engine::time::{Period, Span, Time};
use crate::engine::view::Side;
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::mechanics::Wants;

/// Warns of rewards that nothing gives.
pub(super) fn check_use(root: &Node<'_>, cx: &mut Cx) {
    cx.within("rewards", |cx| {
        for member in root.get("rewards").map(Node::members).unwrap_or_default() {
            let name = &member.key;
            if super::names::is_name(name) && !cx.scope.is_used(name) {
                cx.within(name, |cx| {
                    cx.warning(code::SHAPE_UNUSED, member.key_start, |_| {
                        (
                            format!("No play gives the reward \"{name}\"."),
                            format!("没有任何玩法发放奖励“{name}”。"),
                        )
                    });
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
                    |_| {
                        (
                            String::from("The play decides the amount of this reward, so it has to be cash."),
                            String::from("该奖励的金额由玩法决定，因此必须是现金（cash）。"),
                        )
                    },
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

/// Refuses plays whose rewards are of another kind than their mechanic can use.
pub(super) fn check_kinds(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let handle = cx.scope.names().play(&member.key);
        let Some(play) = handle.and_then(|handle| campaign.plays.get(handle.index())?.as_ref()) else {
            continue;
        };
        for (key, reward, wants) in play.rules.wants() {
            let Some(Some(rules)) = campaign.rewards.get(reward.index()) else { continue };
            let (fits, en, zh) = match wants {
                Wants::Cash => (rules.kind == RewardKind::Cash, "a cash reward", "现金奖励（cash）"),
                Wants::Account => (
                    rules.keeps_account(),
                    "chances, or points with `points`",
                    "抽奖机会（chance），或填写了 `points` 的积分（points）",
                ),
            };
            if !fits {
                let name = cx.scope.names().reward_name(reward).to_owned();
                let offset = member.value.get(key).map_or(member.key_start, |node| node.start);
                at(cx, &["plays", &member.key, key], |cx| {
                    cx.error(code::REACH_KIND, offset, |_| {
                        (
                            format!("`{key}` has to name {en}, which \"{name}\" is not."),
                            format!("`{key}` 应为{zh}，而“{name}”不是。"),
                        )
                    });
                });
            }
        }
    }
}

/// Warns of a campaign that is over long ago, or goes on for longer than anybody plans.
pub(super) fn check_span(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let super::Runs { from, until } = campaign.runs;
    let (en, zh) = if until < FIRST {
        ("The campaign ends before 2024: look at the years.", "活动在 2024 年之前就结束了：请检查年份。")
    } else if until.0.saturating_sub(from.0) > 10 * 366 * 86_400_000 {
        ("The campaign runs for more than ten years: look at the years.", "活动持续超过十年：请检查年份。")
    } else {
        return;
    };
    let place = root.get("runs").and_then(|runs| runs.get("until")).map_or(root.start, |until| until.start);
    at(cx, &["runs", "until"], |cx| {
        cx.warning(code::REACH_RUNS, place, |_| (String::from(en), String::from(zh)));
    });
}

/// 2024-01-01, before which nothing ran here: years that are typed wrong.
const FIRST: Time = Time(1_704_067_200_000);

/// Warns of plays for, or not for, participants with a tag that nothing in the document gives.
pub(super) fn check_tags(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let by_keyword = campaign.triggers.iter().filter_map(|trigger| trigger.tag.as_deref());
    let given: Vec<&str> = campaign.tags.iter().map(|rule| &*rule.tag).chain(by_keyword).gather();
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        for key in ["only", "except"] {
            let named = member.value.get(key).map(Node::entries).unwrap_or_default();
            for (number, node) in named.iter().enumerate() {
                let Some(tag) = node.text().filter(|tag| !given.contains(tag)) else { continue };
                at(cx, &["plays", &member.key, key, &number.to_string()], |cx| {
                    cx.warning(code::REACH_TAG, node.start, |_| {
                        (
                            format!("Nothing here gives the tag \"{tag}\"; participants have it only if the backend gives it, by `tag`."),
                            format!("活动中没有任何规则给出标签“{tag}”；只有后端用 `tag` 打标后参与者才会有。"),
                        )
                    })
                    .suggest(|suggester| suggester.nearest(tag, given.iter().copied()).map(String::from));
                });
            }
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
                cx.warning(code::REACH_WINDOW, within.map_or(member.key_start, |node| node.start), |_| {
                    (
                        String::from("A loop stays open longer than the whole campaign runs."),
                        String::from("每一轮的有效期比整个活动还长。"),
                    )
                });
            });
        }
        // Source: WeChat's rules for external links (2019-10-28): help and invitations with any incentive.
        let asks =
            play.rules.offers(Act::Help) || (play.rules.offers(Act::Join) && !play.rules.offers(Act::Pay));
        if on_pages && asks && !play.rules.liability().is_empty() {
            at(cx, &["plays", &member.key], |cx| {
                cx.warning(code::PLATFORM_SHARE, member.key_start, |_| {
                    (
                        String::from(
                            "WeChat blocks H5 links that reward people for helping or inviting when they are shared in \
                             chats and Moments; share a mini-program there.",
                        ),
                        String::from("在聊天和朋友圈分享有奖助力或有奖邀请的 H5 链接，会被微信拦截；请改为分享小程序。"),
                    )
                });
            });
        }
    }
}

/// Warns of limits that nothing can reach, that keep a reward out of reach, and of guards that never hold.
pub(super) fn check_limits(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let all: Vec<&PlayRules> = campaign.plays.iter().flatten().gather();
    check_list(&campaign.limits, &all, None, campaign, &[], root, cx);
    check_guard(campaign.guard.as_ref(), &[], root, cx);
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let handle = cx.scope.names().play(&member.key);
        let Some(play) = handle.and_then(|handle| campaign.plays.get(handle.index())?.as_ref()) else {
            continue;
        };
        let path = ["plays", member.key.as_ref()];
        check_list(&play.limits, &[play], Some(play), campaign, &path, &member.value, cx);
        check_guard(play.guard.as_ref(), &path, &member.value, cx);
    }
}

fn check_list(
    limits: &[Limit],
    plays: &[&PlayRules],
    within: Option<&PlayRules>,
    campaign: &Root,
    path: &[&str],
    node: &Node<'_>,
    cx: &mut Cx,
) {
    for (number, limit) in limits.iter().enumerate() {
        let happening =
            plays.iter().fold(Actions::default(), |all, play| all.and(happening(play, campaign, limit)));
        let visit = if within.is_some() { Actions::default() } else { Actions::one(Action::Visit) };
        let counts = Action::ALL
            .into_iter()
            .any(|action| limit.actions().has(action) && happening.and(visit).has(action));
        let (en, zh) = if !counts {
            (
                "Nothing that this limit counts happens here, so it is never reached.",
                "这里不会发生该上限所计的行为，因此永远不会达到。",
            )
        } else if is_below_one_grant(limit, plays, campaign) {
            (
                "A single grant is more than this limit allows, so the reward is never given.",
                "单次发放的金额已超过该上限，奖励永远不会发出。",
            )
        } else if plays.iter().any(|play| keeps_out_of_reach(limit, play)) {
            (
                "The limit is lower than what a reward needs, so nobody can reach the reward.",
                "该上限低于获得奖励所需的数量，没有人能达成。",
            )
        } else {
            continue;
        };
        let place =
            node.get("limits").and_then(|list| list.entries().get(number)).map_or(node.start, |at| at.start);
        let number = number.to_string();
        let path: Vec<&str> = path.iter().copied().chain(["limits", &number]).gather();
        at(cx, &path, |cx| {
            cx.warning(code::REACH_LIMIT, place, |_| (String::from(en), String::from(zh)));
        });
    }
}

/// What happens in a play that a limit could count.
fn happening(play: &PlayRules, campaign: &Root, limit: &Limit) -> Actions {
    let offers = |act: Act| play.rules.offers(act);
    let cash = |reward: crate::engine::handle::Reward| {
        let rules = campaign.rewards.get(reward.index()).and_then(Option::as_ref);
        rules.is_some_and(|rules| rules.kind == RewardKind::Cash)
    };
    let mut given = play.rules.liability().into_iter().map(|(reward, _)| reward);
    let grants = match (limit.reward, limit.amount) {
        (Some(named), _) => given.any(|reward| reward == named || has_fallback(campaign, reward)),
        (None, Some(_)) => given.any(|reward| cash(reward) || has_fallback(campaign, reward)),
        (None, None) => given.next().is_some(),
    };
    let found = [
        (Action::Open, true),
        (Action::Share, true),
        (Action::Help, offers(Act::Help)),
        (Action::Join, offers(Act::Join) || offers(Act::Enter)),
        (Action::CheckIn, offers(Act::CheckIn)),
        (Action::Submit, offers(Act::Submit)),
        (Action::Draw, offers(Act::Draw)),
        (Action::Claim, offers(Act::Claim)),
        (Action::Redeem, offers(Act::Redeem) || offers(Act::Draw)),
        (Action::Pay, offers(Act::Pay) || play.rules.alone().is_some()),
        (Action::Grant, grants),
    ];
    let found = found.into_iter().filter(|(_, happens)| *happens);
    found.fold(Actions::default(), |all, (action, _)| all.and(Actions::one(action)))
}

fn has_fallback(campaign: &Root, reward: crate::engine::handle::Reward) -> bool {
    let rules = campaign.rewards.get(reward.index()).and_then(Option::as_ref);
    rules.is_some_and(|rules| rules.fallback.is_some())
}

/// Whether a grant of the reward that is limited, or of any if none is named, is more than the limit.
fn is_below_one_grant(limit: &Limit, plays: &[&PlayRules], campaign: &Root) -> bool {
    let Some(most) = limit.amount.filter(|_| limit.actions().has(Action::Grant)) else { return false };
    let is_more = |reward: crate::engine::handle::Reward| {
        let rules = campaign.rewards.get(reward.index()).and_then(Option::as_ref);
        rules.and_then(|rules| rules.amount).is_some_and(|amount| amount > most)
    };
    if let Some(reward) = limit.reward {
        return is_more(reward);
    }
    // What is paid out by orders, shares or tiers has no amount of its own.
    let fixed = |side| matches!(side, Side::Initiator | Side::Helper | Side::Inviter | Side::Invitee);
    plays
        .iter()
        .any(|play| play.rules.rewards().iter().any(|offer| fixed(offer.side) && is_more(offer.reward)))
}

/// Whether a loop needs more contributions for a reward than it may ever have.
fn keeps_out_of_reach(limit: &Limit, play: &PlayRules) -> bool {
    let contributions = [Act::Help, Act::Join].into_iter().filter(|act| play.rules.offers(*act));
    let mut counted = contributions.map(Action::of).filter(|action| limit.actions().has(*action));
    let whole = matches!(limit.per, Per::Loop | Per::Initiator | Per::Play | Per::Campaign);
    let Some(most) = limit.most.filter(|_| whole && limit.every == Period::Campaign) else { return false };
    counted.next().is_some()
        && play.rules.rewards().iter().any(|offer| {
            let needed = match offer.side {
                Side::Initiator | Side::Inviter => offer.at,
                // The leader's own slot is no contribution.
                Side::Leader | Side::Member => offer.at.saturating_sub(1),
                _ => 0,
            };
            needed > most.get()
        })
}

fn check_guard(guard: Option<&Guard>, path: &[&str], node: &Node<'_>, cx: &mut Cx) {
    let Some(Guard { hold_above: Some(hold), refuse_above: Some(refuse), .. }) = guard else { return };
    if hold.get() < refuse.get() {
        return;
    }
    let value = node.get("guard").and_then(|guard| guard.get("holdAbove"));
    let path: Vec<&str> = path.iter().copied().chain(["guard", "holdAbove"]).gather();
    at(cx, &path, |cx| {
        cx.warning(code::REACH_LIMIT, value.map_or(node.start, |value| value.start), |_| {
            (
                String::from(
                    "Nothing is ever held by this: what is above it is above `refuseAbove` as well.",
                ),
                String::from("不会有任何行为因此进入审核：高于该值的同样高于 `refuseAbove`。"),
            )
        });
    });
}

/// Warns of accepted warnings that are not raised.
pub(super) fn check_accept(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    for member in root.get("accept").map(Node::members).unwrap_or_default() {
        let name = &member.key;
        if cx.has(name) || !campaign.accept.holds(name) || campaign.accept.holds(code::SHAPE_ACCEPT) {
            continue;
        }
        at(cx, &["accept", name], |cx| {
            cx.warning(code::SHAPE_ACCEPT, member.key_start, |_| {
                (
                    format!("This campaign raises no warning {name}, so nothing is accepted by it."),
                    format!("这个活动没有 {name} 警告，不需要接受。"),
                )
            });
        });
    }
}

fn at(cx: &mut Cx, path: &[&str], report: impl FnOnce(&mut Cx)) {
    match path.split_first() {
        Some((first, rest)) => cx.within(first, |cx| at(cx, rest, report)),
        None => report(cx),
    }
}
