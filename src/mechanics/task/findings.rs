//! What is wrong with the rules of a task list beyond their shape.

use super::{Claim, Kind, Rules, Task};
use crate::campaign::decode::Cx;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::time::Span;
use crate::json::tree::Node;

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let entries = |key: &str| node.get(key).map(Node::entries).unwrap_or_default();
    for ((number, task), at) in rules.numbered().zip(entries("tasks")) {
        let before = || rules.numbered().take_while(|(before, _)| *before < number).map(|(_, task)| task);
        let at_most_one = matches!(task.kind(), Kind::Invite | Kind::Returns | Kind::CheckIn);
        let within = rules.within.filter(|within| task.days().is_some_and(|days| days > most_days(*within)));
        let found = if before().any(|other| other.name == task.name) {
            Some((code::TASK_SHAPE, "Another task has this name already.", "已有同名任务，请换一个名称。"))
        } else if at_most_one && before().any(|other| other.kind() == task.kind()) {
            Some((
                code::TASK_SHAPE,
                "A play has one task of this kind; give it the larger number, and use tiers for steps on the way.",
                "一个玩法只能有一个这种任务；请填较大的数量，用 `tiers` 设置中间阶梯。",
            ))
        } else {
            within.map(|_| {
                (
                    code::REACH_IMPOSSIBLE,
                    "This needs more days than a loop is open for.",
                    "所需天数超过了每一轮的有效期。",
                )
            })
        };
        report(cx, ("tasks", number), at.start, found);
    }
    let units = rules.numbered().map(|(_, task)| task.need()).sum::<u32>();
    for ((number, tier), at) in (0u32..).zip(rules.tiers()).zip(entries("tiers")) {
        let found = (tier.at.get() > units).then_some((
            code::REACH_IMPOSSIBLE,
            "All tasks together have fewer units than this tier needs.",
            "所有任务的总数达不到这一级阶梯。",
        ));
        report(cx, ("tiers", number), at.start, found);
    }
    if rules.give.is_empty() && rules.tiers.is_none() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("The tasks earn nobody anything here: add `give` or `tiers`."),
                String::from("完成任务没有任何奖励：请填写 `give` 或 `tiers`。"),
            )
        });
    }
    if rules.claim_within.is_some() && rules.claim == Claim::AtOnce {
        cx.warning(code::REACH_WINDOW, node.get("claimWithin").map_or(node.start, |node| node.start), |_| {
            (
                String::from("`claimWithin` does nothing here: everything is given at once."),
                String::from("奖励会立即发放，`claimWithin` 不起作用。"),
            )
        });
    }
}

fn report(
    cx: &mut Cx,
    (list, number): (&str, u32),
    offset: usize,
    found: Option<(&'static str, &str, &str)>,
) {
    if let Some((code, en, zh)) = found {
        cx.within(list, |cx| {
            cx.within(&number.to_string(), |cx| {
                cx.error(code, offset, |_| (en.to_owned(), zh.to_owned()));
            });
        });
    }
}

/// The most local days that a span can touch.
fn most_days(span: Span) -> u32 {
    let whole = span.0.saturating_sub(2).div_euclid(86_400_000).saturating_add(2);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

impl Task {
    /// On how many local days it needs something to happen at least.
    fn days(&self) -> Option<u32> {
        let returns = self.returns.zip(self.per_day).map(|(all, most)| all.get().div_ceil(most.get()));
        self.check_in.map(Int::get).or(returns)
    }
}

pub(super) fn check_task(task: &Task, node: &Node<'_>, cx: &mut Cx) {
    let kinds = [
        task.event.is_some(),
        task.invite.is_some(),
        task.returns.is_some(),
        task.check_in.is_some(),
        task.answer.is_some(),
        task.submit.is_some(),
    ];
    let kind = task.kind();
    let misplaced = ((task.count.is_some() || task.undone_by.is_some()) && kind != Kind::Event)
        || (task.at_least.is_some() && kind != Kind::Event && task.qualifies.is_none())
        || ((task.qualifies.is_some() || task.without.is_some()) && kind != Kind::Invite)
        || (task.new_only && !matches!(kind, Kind::Invite | Kind::Returns))
        || (task.per_day.is_some() && kind != Kind::Returns);
    let found = if kinds.iter().filter(|given| **given).count() != 1 {
        Some((
            "A task has exactly one of `event`, `invite`, `returns`, `checkIn`, `answer` and `submit`.",
            "一个任务必须且只能填写 `event`、`invite`、`returns`、`checkIn`、`answer`、`submit` 之一。",
        ))
    } else if misplaced {
        Some((
            "`count` and `undoneBy` go with `event`, `qualifies` and `without` with `invite`, `perDay` with `returns`, \
             `atLeast` with `event` or `qualifies`, `newOnly` with `invite` or `returns`.",
            "`count`、`undoneBy` 只用于 `event`；`qualifies`、`without` 只用于 `invite`；`perDay` 只用于 `returns`；\
             `atLeast` 只用于 `event` 或 `qualifies`；`newOnly` 只用于 `invite` 或 `returns`。",
        ))
    } else if task.undone_by.is_some() && task.undone_by == task.event {
        Some(("The event that counts cannot take its own unit back.", "计数的事件不能同时撤销自己。"))
    } else if task.name.len() > LONGEST_NAME {
        Some(("The name is too long for a command.", "任务名称过长，无法写入指令。"))
    } else {
        None
    };
    if let Some((en, zh)) = found {
        cx.error(code::TASK_SHAPE, node.start, |_| (en.to_owned(), zh.to_owned()));
    }
}

/// The longest name in a command, in bytes.
const LONGEST_NAME: usize = 64;
