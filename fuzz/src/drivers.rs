//! What each fuzz target does with its bytes: nothing may panic, and what was read has to make sense.

use kfactor::attribution::{ReferralCode, Token};
use kfactor::campaign::{Campaign, Names, Severity};
use kfactor::engine::answer::wire_malformed;
use kfactor::engine::draft::Draft;
use kfactor::engine::{Command, Engine, Time};
use serde_json::Value;
use std::sync::LazyLock;

/// A campaign with every mechanic and every rule.
pub const CAMPAIGN: &str = r#"{
  "id": "fuzz", "title": "Fuzz", "timezone": "+08:00",
  "runs": { "from": "2026-12-01T00:00", "until": "2026-12-15T00:00" },
  "rewards": {
    "cash": { "kind": "cash", "title": "Cash", "amount": "3.00", "budget": "9.00", "hold": "1h", "fallback": "coupon" },
    "coupon": { "kind": "coupon", "title": "Coupon", "stock": 5, "perParticipant": 2 }
  },
  "plays": {
    "assist": { "mechanic": "assist", "title": "A", "helpers": 2, "within": "24h", "give": ["cash"], "giveHelper": ["coupon"],
      "limits": [{ "per": "helper", "every": "day", "most": 3 }] },
    "invite": { "mechanic": "invite", "title": "I", "qualifies": "ordered", "within": "3d",
      "inviter": [{ "every": 1, "give": "cash", "most": 3 }, { "at": 2, "give": "coupon" }], "invitee": ["coupon"] },
    "group": { "mechanic": "group-buy", "title": "G", "size": 2, "price": "5.00", "alone": "7.00", "within": "24h",
      "payWithin": "30m", "stock": 4, "virtualFrom": 50, "give": ["coupon"], "giveLeader": ["cash"], "requires": "signed-up" }
  },
  "touchpoints": { "counter": { "kind": "store" } },
  "limits": [{ "per": "device", "every": "week", "most": 9 }],
  "guard": { "perDevice": 5, "refuseAbove": 90 }
}"#;

/// Commands that use all of [`CAMPAIGN`], one per line.
pub const COMMANDS: &str = r#"{"id":"1","at":1796090400000,"do":"event","by":"ann","name":"signed-up","order":"o0","amount":100}
{"id":"2","at":1796090400000,"do":"open","by":"ann","play":"assist","loop":"A"}
{"id":"3","at":1796090400000,"do":"open","by":"ann","play":"invite","loop":"I"}
{"id":"4","at":1796090400000,"do":"open","by":"ann","play":"group","loop":"G","device":"d1","risk":5}
{"id":"5","at":1796090401000,"do":"share","by":"ann","loop":"A"}
{"id":"6","at":1796090402000,"do":"help","by":"bo","loop":"A","clock":1796090401999}
{"id":"7","at":1796090403000,"do":"help","by":"cy","loop":"A"}
{"id":"8","at":1796090404000,"do":"join","by":"bo","loop":"I"}
{"id":"9","at":1796090405000,"do":"event","by":"bo","name":"ordered","order":"o1"}
{"id":"10","at":1796090406000,"do":"pay","by":"ann","loop":"G","order":"o2","amount":500}
{"id":"11","at":1796090407000,"do":"join","by":"di","loop":"G"}
{"id":"12","at":1796092300000,"do":"pay","by":"ed","play":"group","order":"o3","amount":700}
{"id":"13","at":1796092301000,"do":"leave","by":"di","loop":"G"}
{"id":"14","at":1796092302000,"do":"fulfil","grant":"A.1"}
{"id":"15","at":1796092303000,"do":"fail","grant":"A.2","reason":"no address"}
{"id":"16","at":1796092304000,"do":"revoke","grant":"A.1"}
{"id":"17","at":1796092305000,"do":"refund","order":"o1"}
{"id":"18","at":1796092306000,"do":"visit","by":"fay","touchpoint":"counter"}
{"id":"19","at":1796176900000,"do":"tick"}
"#;

/// The seed of every engine here.
const SEED: [u8; 32] = [7; 32];
/// Later than anything in [`COMMANDS`].
const LATER: Time = Time(1_796_177_000_000);

static EMPTY: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(CAMPAIGN, SEED).unwrap_or_else(|problems| panic!("{problems:?}")));
static PLAYED: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = EMPTY.clone();
    engine.submit_json(COMMANDS.as_bytes(), None, &mut Vec::new());
    engine
});

/// An engine after [`COMMANDS`].
pub fn engine() -> Engine {
    PLAYED.clone()
}

/// A campaign document: every problem has a place and two sentences, and what is read can be played.
pub fn campaign(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines = u32::try_from(text.lines().count() + 1).unwrap_or(u32::MAX);
    match Campaign::parse(text, &Names::default()) {
        Err(problems) => {
            assert!(problems.iter().any(|problem| problem.severity == Severity::Error));
            for problem in problems {
                assert!((1..=lines).contains(&problem.line) && problem.column >= 1, "{problem:?}");
                assert!(!problem.message.is_empty() && !problem.message_zh.is_empty(), "{problem:?}");
            }
        }
        Ok(_) => {
            let Ok(mut engine) = Engine::load(text, SEED) else { panic!("parsed, not loaded") };
            let plays: Vec<String> = engine.book().names.plays.iter().cloned().collect();
            let from = engine.book().current().runs.from;
            for (number, play) in plays.iter().enumerate().take(4) {
                let open = format!(
                    r#"{{"id":"o{number}","do":"open","by":"ann","play":"{play}","loop":"L{number}"}}"#
                );
                engine.submit_json(open.as_bytes(), Some(from), &mut Vec::new());
                for act in ["help", "join"] {
                    let part =
                        format!(r#"{{"id":"{act}{number}","do":"{act}","by":"bo","loop":"L{number}"}}"#);
                    engine.submit_json(part.as_bytes(), Some(from), &mut Vec::new());
                }
            }
            use_it(engine);
        }
    }
}

/// A token or a referral code as text.
pub fn texts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(token) = Token::peek(text) {
        assert_eq!(text.len(), 29);
        if token.version == Token::OPEN {
            assert_eq!(token.open().as_deref(), Ok(text));
        }
    }
    assert!(Token::verify(text, |_| Some([1u8; 32])).is_err(), "a forged token");
    if let Ok(code) = ReferralCode::parse(text) {
        assert_eq!(ReferralCode::parse(&code.to_string()), Ok(code));
        assert_eq!(ReferralCode::from_number(code.number()), Ok(code));
    }
}

/// Commands as JSON, in any shape: every answer is JSON, and a preview says what the submission says.
pub fn commands(data: &[u8]) {
    let mut engine = engine();
    let mut out = Vec::new();
    if let Ok(command) = Command::read(data) {
        let mut preview = Vec::new();
        engine.decide(&command).write(&mut preview);
        same_again(&command);
        engine.submit(&command).write(&mut out);
        assert_eq!(preview, out);
        let before = engine.digest();
        engine.submit(&command);
        assert_eq!(engine.digest(), before, "the same command again changed something");
        out.clear();
    }
    engine.submit_json(data, None, &mut out);
    engine.submit_json(data, Some(LATER), &mut out);
    out.clear();
    engine.submit_json(data, Some(LATER), &mut out);
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let answer: Result<Value, _> = serde_json::from_slice(line);
        assert!(answer.is_ok(), "{}", String::from_utf8_lossy(line));
    }
    use_it(engine);
}

/// A command in the form that JavaScript writes.
pub fn wire(data: &[u8]) {
    let mut engine = engine();
    let mut out = Vec::new();
    match Draft::new().unwire(data, Some(LATER)) {
        Ok(command) => {
            same_again(command);
            engine.submit(command).wire(&mut out);
        }
        Err(malformed) => wire_malformed(&malformed, &mut out),
    }
    assert!(!out.is_empty());
    use_it(engine);
}

/// A snapshot: refused, or a state that can be used and kept.
pub fn snapshot(data: &[u8]) {
    let mut engine = EMPTY.clone();
    if engine.restore(data).is_err() {
        assert_eq!(engine.digest(), EMPTY.digest());
        return;
    }
    engine.submit_json(COMMANDS.as_bytes(), None, &mut Vec::new());
    use_it(engine);
}

/// Facts as JSON, as a page takes them from wherever it gets them.
pub fn facts(data: &[u8]) {
    for mut engine in [EMPTY.clone(), engine()] {
        let _ = engine.apply_json(data);
        engine.submit_json(COMMANDS.as_bytes(), None, &mut Vec::new());
        use_it(engine);
    }
}

/// Looks at everything, settles everything, keeps the state and takes it up again.
fn use_it(mut engine: Engine) {
    let people: Vec<String> = (0..2).map(|number| engine.state().people.text(number).to_owned()).collect();
    let loops: Vec<String> = (1..3).map(|number| engine.state().loop_names.text(number).to_owned()).collect();
    for (who, loop_) in people.iter().zip(&loops) {
        for at in [Time(i64::MIN), Time(0), LATER, Time(i64::MAX)] {
            let _ = serde_json::to_string(&engine.view(who, at, Some(loop_)));
        }
    }
    let _ = (engine.due(), engine.share("ann", None));
    engine.submit_json(br#"{"id":"use","do":"tick"}"#, Some(Time::NEVER), &mut Vec::new());
    let kept = engine.snapshot();
    let digest = engine.digest();
    assert!(engine.restore(&kept).is_ok(), "a snapshot that cannot be taken up");
    assert_eq!(engine.digest(), digest);
}

/// A command that is written and read again is the same command.
fn same_again(command: &Command<'_>) {
    let mut json = Vec::new();
    command.write(&mut json);
    assert_eq!(Command::read(&json).as_ref(), Ok(command), "{}", String::from_utf8_lossy(&json));
}
