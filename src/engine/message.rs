//! Messages: what a keyword that a participant sends does, as 添加之后回复口令即可参与.
//!
//! * The first trigger of the campaign that fits the message wins. Blanks around the text, letter case and
//!   full-width forms make no difference. Without one the message is refused as `KEYWORD_UNKNOWN`.
//! * A trigger may give a tag, open the participant's loop of a play if none runs, or do an act there, and
//!   record an event. The loop that the same message opens hears of the event too.
//! * What the play refuses, refuses the whole message: neither tag nor event are recorded then.
//! * Sent again, a message opens nothing twice and tags nobody twice; its event counts each time, unless the
//!   trigger says `once`, which also keeps it from opening a second loop after the first has ended.

use super::command::Act;
use super::decide::{act_in_play, check_offered, happen, just_opened, new_loop_id, open_loop};
use super::deciding::{Deciding, required};
use super::fact::Fact;
use super::handle::{Loop, Person, Play};
use super::rejection::{Code, Rejection};
use super::state::{LoopState, Status};
use crate::campaign::play::PlayRules;
use crate::campaign::triggers::Trigger;

/// Decides a message.
///
/// # Errors
/// `KEYWORD_UNKNOWN`, the campaign's not running, or whatever the play says of the act.
#[inline(never)]
pub(super) fn message<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let text = required(cx.command.text.as_deref(), "text")?;
    let person = cx.person()?;
    cx.running()?;
    let trigger = cx.book.current().trigger(text).ok_or(Code::KeywordUnknown)?;
    cx.arrive(person, false)?;
    if let Some(tag) = trigger.tag.as_deref()
        && !cx.state.has_tag(person, tag, cx.at)
    {
        cx.emit(Fact::Tagged { by: person, name: tag, until: None });
    }
    let opened = start(cx, trigger, person)?;
    if let Some(event) = trigger.event
        && !(trigger.once && cx.state.happened(person, event) > 0)
    {
        happen(cx, person, event, None)?;
        if let Some((rules, state)) = opened {
            rules.rules.event(cx, Loop::at(cx.state.loops.len()), &state, rules, (person, event, None));
        }
    }
    Ok(())
}

/// Opens the participant's loop, or does the trigger's act; the loop that was opened for it.
fn start<'c>(
    cx: &mut Deciding<'_, 'c>,
    trigger: &'c Trigger,
    person: Person,
) -> Result<Option<(&'c PlayRules, LoopState)>, Rejection<'c>> {
    let Some(play) = trigger.play else { return Ok(None) };
    let rules = cx.book.play(cx.book.revision(), play).ok_or(Code::PlayUnknown)?;
    if let Some(deed) = trigger.do_ {
        cx.act = deed.act();
        check_offered(cx, rules)?;
        act_in_play(cx, (play, rules), person)?;
        cx.act = Act::Message;
        return Ok(None);
    }
    if cx.running_loop(play, rules, person).is_some() || has_opened(cx, play, person, trigger.once) {
        return Ok(None);
    }
    let id = new_loop_id(cx)?;
    let before = cx.facts.len();
    open_loop(cx, (play, rules), person, id)?;
    Ok(just_opened(cx, rules, before).map(|state| (rules, state)))
}

/// Whether a loop that the participant opened in the play is running, or, if `ever`, has ever been.
fn has_opened(cx: &Deciding<'_, '_>, play: Play, person: Person, ever: bool) -> bool {
    cx.state.loops_of(person).filter_map(|loop_| cx.state.loop_(loop_)).any(|state| {
        let running =
            || cx.rules(state).is_some_and(|rules| rules.rules.status(state, cx.at) == Status::Running);
        state.play == play && cx.state.ids.is_same(state.opener, person) && (ever || running())
    })
}
