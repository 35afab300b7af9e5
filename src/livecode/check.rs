//! What is wrong or questionable in a live code.

use super::rules::{LiveCodeKind, LiveCodeRules, Sticky, Strategy, TargetRules};
use crate::campaign::decode::{COMPLETE, Cx};
use crate::campaign::problem::code;
use crate::json::tree::Node;

pub(super) fn check_code(rules: &LiveCodeRules, node: &Node<'_>, cx: &mut Cx) {
    for (at, target) in rules.targets.iter().enumerate() {
        if rules.targets.iter().take(at).any(|earlier| earlier.id == target.id) {
            within_target(at, "id", node, cx, |cx, offset| {
                let id = &*target.id;
                cx.error(code::NAME_TWICE, offset, |_| {
                    (format!("There is a target \"{id}\" before."), format!("前面已有名为“{id}”的目标。"))
                });
            });
        }
    }
    if rules.targets.iter().all(|target| target.spare) {
        error(
            cx,
            node,
            "Every target is spare: at least one has to take scans first.",
            "所有目标都是备用（spare），至少要有一个先接收扫码。",
        );
    }
    let by_weight = matches!(rules.strategy, Strategy::Weighted | Strategy::Random);
    if let Some(at) = rules.targets.iter().position(|target| target.weight.get() > 1).filter(|_| !by_weight) {
        let strategy = rules.strategy.as_str();
        within_target(at, "weight", node, cx, |cx, offset| {
            cx.warning(code::REACH_WEIGHT, offset, |_| {
                (
                    format!("`{strategy}` does not look at weights; `weighted` does."),
                    format!("`{strategy}` 不看权重，`weighted` 才会按权重分配。"),
                )
            });
        });
    }
    let runs_out = rules.targets.iter().all(|target| {
        target.daily.is_some() || target.total.is_some() || target.hours.is_some() || target.weekly.is_some()
    });
    if runs_out && rules.fallback.is_none() {
        cx.warning(code::REACH_FALLBACK, node.start, |_| {
            (
                String::from(
                    "All targets can be full or closed at once, and there is no `fallback` page for scans then.",
                ),
                String::from("所有目标可能同时已满或不在服务时间，而此时没有 `fallback` 页面可去。"),
            )
        });
    }
    if COMPLETE {
        check_platform(rules, node, cx);
    }
}

/// Holds sizes against what WeCom (企业微信) allows; the sources stand at the numbers.
fn check_platform(rules: &LiveCodeRules, node: &Node<'_>, cx: &mut Cx) {
    let group = rules.kind == LiveCodeKind::Group;
    let most = if group { LiveCodeKind::MOST_BY_SCAN } else { LiveCodeKind::MOST_CUSTOMERS };
    for (at, target) in rules.targets.iter().enumerate() {
        let total = target.total.map_or(0, crate::campaign::units::Int::get);
        if total > most {
            within_target(at, "total", node, cx, |cx, offset| {
                let (en, zh) = if group {
                    (
                        format!(
                            "People join a WeChat group by scanning up to {most} members, after that only by \
                             invitation (at most {} in all).",
                            LiveCodeKind::MOST_MEMBERS
                        ),
                        format!(
                            "微信群满 {most} 人后不能再扫码进群，只能邀请（最多 {} 人）。",
                            LiveCodeKind::MOST_MEMBERS
                        ),
                    )
                } else {
                    (
                        format!("A WeCom account has at most {most} customers, 5000 unless it was extended."),
                        format!("一个企业微信账号最多有 {most} 位客户，未扩容时为 5000 位。"),
                    )
                };
                cx.warning(code::QUOTA_TARGET, offset, |_| (en, zh));
            });
        }
        if target.schedule().is_never_open() {
            within_target(at, "hours", node, cx, |cx, offset| {
                cx.warning(code::REACH_HOURS, offset, |_| {
                    (String::from("This target is never open."), String::from("该目标从不开放。"))
                });
            });
        }
    }
    let groups = LiveCodeKind::MOST_GROUPS;
    let of_wecom = |target: &&TargetRules| {
        target.url.as_deref().is_some_and(|url| url.starts_with("https://work.weixin.qq.com/gm/"))
    };
    if group && rules.targets.iter().filter(of_wecom).count() > groups {
        cx.warning(code::QUOTA_TARGET, node.start, |_| {
            (
                format!("One WeCom join code takes at most {groups} groups; make one for each target here."),
                format!("企业微信的一个“加入群聊”二维码最多配置 {groups} 个群，请为每个目标分别创建。"),
            )
        });
    }
    if rules.sticky == Sticky::Always && group {
        cx.warning(code::REACH_STICKY, node.start, |_| {
            (
                String::from("`always` leads people back to a group that is full; `while-open` leads them to the next one."),
                String::from("`always` 会把再次扫码的人带回已满的群；`while-open` 会带到下一个群。"),
            )
        });
    }
}

pub(super) fn check_target(target: &TargetRules, node: &Node<'_>, cx: &mut Cx) {
    if target.total.is_some_and(|total| total.get() <= target.already.get()) {
        error(
            cx,
            node,
            "The target is full from the beginning: `already` is not below `total`.",
            "该目标一开始就已满：`already` 应小于 `total`。",
        );
    }
}

pub(super) fn report_too_many(offset: usize, cx: &mut Cx) {
    cx.error(code::LIST_LENGTH, offset, |_| {
        (
            String::from("The live codes of all revisions have more than 65536 targets."),
            String::from("各版本活码的目标总数超过 65536 个。"),
        )
    });
}

fn error(cx: &mut Cx, node: &Node<'_>, en: &str, zh: &str) {
    cx.error(code::LIVE_CODE_SHAPE, node.start, |_| (en.to_owned(), zh.to_owned()));
}

/// Reports at a key of a target, or at the target if it does not have the key.
fn within_target(at: usize, key: &str, node: &Node<'_>, cx: &mut Cx, report: impl FnOnce(&mut Cx, usize)) {
    let target = node.get("targets").and_then(|list| list.entries().get(at));
    let offset = target.map_or(node.start, |target| target.get(key).map_or(target.start, |node| node.start));
    cx.within("targets", |cx| cx.within(&at.to_string(), |cx| cx.within(key, |cx| report(cx, offset))));
}
