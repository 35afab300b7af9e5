//! Why a command was not accepted: a closed list of codes, each with a sentence in English and Chinese.

use super::money::Money;
use super::time::Time;

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $en:literal, $zh:literal;)*) => {
        /// A rejection code: stable, documented, translated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as it stands in answers.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The sentence in English and in Chinese, with `{most}`, `{until}`, `{amount}`, `{field}` and `{name}` to fill.
            #[must_use]
            pub fn sentences(self) -> (&'static str, &'static str) {
                match self { $(Code::$name => ($en, $zh),)* }
            }
        }
    };
}

rejections! {
    /// The text is not a command, or a field is missing, too long or of the wrong type.
    CommandMalformed = "COMMAND_MALFORMED", "The command is not valid: look at `{field}`.", "指令无效：请检查 `{field}`。";
    /// The id was used for a command with another body.
    CommandIdReused = "COMMAND_ID_REUSED", "This command id was already used for something else.", "该指令编号已用于其他操作。";
    /// The campaign begins later.
    CampaignNotStarted = "CAMPAIGN_NOT_STARTED", "The campaign starts at {until}.", "活动将于 {until} 开始。";
    /// The campaign is over.
    CampaignEnded = "CAMPAIGN_ENDED", "The campaign has ended.", "活动已结束。";
    /// The campaign has no such play.
    PlayUnknown = "PLAY_UNKNOWN", "The campaign has no play named `{name}`.", "活动中没有名为 `{name}` 的玩法。";
    /// There is no such loop.
    LoopUnknown = "LOOP_UNKNOWN", "This invitation does not exist.", "该邀请不存在。";
    /// The loop id is taken.
    LoopExists = "LOOP_EXISTS", "A loop with this id already exists.", "该编号的活动进程已存在。";
    /// The loop's time is over.
    LoopExpired = "LOOP_EXPIRED", "The time for this one ran out.", "本次已超时结束。";
    /// The loop reached its goal already.
    LoopComplete = "LOOP_COMPLETE", "This one is complete already.", "本次已经完成。";
    /// The participant already has a running loop of this play.
    LoopRunning = "LOOP_RUNNING", "You already have one running.", "你已有一个正在进行。";
    /// The play does not offer this action.
    ActionUnknown = "ACTION_UNKNOWN", "This play does not offer `{name}`.", "该玩法不支持 `{name}`。";
    /// A participant tried to help or join their own loop.
    OwnLoop = "OWN_LOOP", "This one is your own; share it with a friend.", "这是你自己发起的，快分享给好友吧。";
    /// The participant helped this loop before.
    AlreadyHelped = "ALREADY_HELPED", "You have helped here already.", "你已经助力过了。";
    /// The participant is in this loop already.
    AlreadyJoined = "ALREADY_JOINED", "You are already part of this one.", "你已经参加了。";
    /// The participant was invited by someone else before.
    AlreadyInvited = "ALREADY_INVITED", "You were invited by someone else already.", "你已接受过其他人的邀请。";
    /// The participant is not a new customer.
    NotNew = "NOT_NEW", "This is for new customers only.", "仅限新用户参加。";
    /// The inviter was, at some distance, invited by this participant.
    InviteCycle = "INVITE_CYCLE", "You invited this person yourself, at some distance.", "对方是由你直接或间接邀请来的。";
    /// A limit is reached; `until` says when it opens again.
    LimitReached = "LIMIT_REACHED", "The limit of {most}{amount} is reached ({name}).", "已达到上限 {most}{amount}（{name}）。";
    /// Something has to happen before this play opens for the participant.
    EventRequired = "EVENT_REQUIRED", "First this has to happen: {name}.", "需要先完成：{name}。";
    /// The participant has no place in this loop.
    NotMember = "NOT_MEMBER", "You are not part of this one.", "你没有参加本次活动。";
    /// No slot is free.
    GroupFull = "GROUP_FULL", "The group is full.", "该团已满。";
    /// All of the goods are sold or reserved.
    SoldOut = "SOLD_OUT", "Sold out.", "已售罄。";
    /// The amount paid is not the price.
    AmountMismatch = "AMOUNT_MISMATCH", "The amount is not the price, which is {amount}.", "支付金额与价格 {amount} 不符。";
    /// The order was recorded before.
    OrderKnown = "ORDER_KNOWN", "This order was counted already.", "该订单已经登记过。";
    /// No such order was recorded.
    OrderUnknown = "ORDER_UNKNOWN", "There is no such order.", "该订单不存在。";
    /// The order was refunded before.
    OrderRefunded = "ORDER_REFUNDED", "This order was refunded already.", "该订单已退款。";
    /// No such grant exists.
    GrantUnknown = "GRANT_UNKNOWN", "There is no such reward.", "该奖励不存在。";
    /// The grant is held until its refund window closes.
    GrantHeld = "GRANT_HELD", "The reward is held until {until}.", "该奖励将于 {until} 解冻。";
    /// The grant is not in a state that allows this.
    GrantSettled = "GRANT_SETTLED", "The reward is {name} already.", "该奖励{name}，无法再次操作。";
    /// The token is damaged, forged or of another campaign.
    TokenInvalid = "TOKEN_INVALID", "This link or code is not valid.", "该链接或二维码无效。";
    /// The typed code has a typing error.
    CodeInvalid = "CODE_INVALID", "Please check the code you typed.", "请检查输入的口令。";
    /// The typed code belongs to nobody.
    CodeUnknown = "CODE_UNKNOWN", "Nobody has this code.", "该口令不存在。";
    /// The typed code is too old; its owner has to share a new one.
    CodeExpired = "CODE_EXPIRED", "This code was valid until {until}; ask for a new one.", "该口令已于 {until} 过期，请让对方重新分享。";
    /// The rules have no such task.
    TaskUnknown = "TASK_UNKNOWN", "There is no task named `{name}`.", "没有名为 `{name}` 的任务。";
    /// The task was done before, as often as it counts.
    TaskDone = "TASK_DONE", "This task is done already.", "该任务已完成。";
    /// Another task comes first.
    TaskOrder = "TASK_ORDER", "First do this: {name}.", "请先完成：{name}。";
    /// The answer is not right.
    AnswerWrong = "ANSWER_WRONG", "That is not the right answer.", "答案不正确。";
    /// The picture was handed in before.
    PictureKnown = "PICTURE_KNOWN", "This picture was handed in before.", "该图片已被提交过。";
    /// What was handed in before is not reviewed yet.
    ReviewPending = "REVIEW_PENDING", "What you handed in is being reviewed.", "你提交的内容正在审核中。";
    /// Nothing waits for a review.
    NothingToReview = "NOTHING_TO_REVIEW", "Nothing here waits for a review.", "没有待审核的内容。";
    /// Nothing more may be handed in.
    SubmissionsUsed = "SUBMISSIONS_USED", "You have handed in as often as possible ({most}).", "提交次数已用完（{most} 次）。";
    /// The step is not reached yet.
    NotReached = "NOT_REACHED", "Not reached yet: {most} more.", "尚未达成，还差 {most}。";
    /// The step or share was claimed before.
    AlreadyClaimed = "ALREADY_CLAIMED", "You have claimed this already.", "你已领取过了。";
    /// The participant checked in today.
    AlreadyCheckedIn = "ALREADY_CHECKED_IN", "You have checked in for today.", "今天已经打过卡了。";
    /// No draws are left.
    NoChance = "NO_CHANCE", "You have no draws left.", "抽奖次数已用完。";
    /// The draw takes place later.
    DrawNotOpen = "DRAW_NOT_OPEN", "The draw opens at {until}.", "将于 {until} 开奖。";
    /// There is nobody to draw from.
    NobodyEligible = "NOBODY_ELIGIBLE", "Nobody can win at the moment.", "当前没有可参与开奖的人。";
    /// The rules have no such item.
    ItemUnknown = "ITEM_UNKNOWN", "There is nothing named `{name}` here.", "没有名为 `{name}` 的项目。";
    /// The rules have no such room.
    RoomUnknown = "ROOM_UNKNOWN", "The play has no room named `{name}`.", "没有名为 `{name}` 的群。";
    /// The room is full; `name` is the next one with space.
    RoomFull = "ROOM_FULL", "This room is full ({most}); the next one with space: {name}.", "该群已满（{most} 人），下一个可加入的群：{name}。";
    /// The price is not low enough to buy yet.
    FloorNotReached = "FLOOR_NOT_REACHED", "The price has to fall to {amount} first.", "需先砍到 {amount}。";
    /// The participant has not spent enough to become a distributor; `amount` more is needed.
    NotDistributor = "NOT_DISTRIBUTOR", "Spend {amount} more to become a distributor.", "再消费 {amount} 即可成为分销员。";
    /// The time in which a customer can be bound is over.
    BindClosed = "BIND_CLOSED", "The time for this ended at {until}.", "绑定时间已于 {until} 截止。";
    /// The red packet is not unlocked yet.
    PacketLocked = "PACKET_LOCKED", "It opens with {most} more.", "还差 {most} 人才能拆开。";
    /// The red packet is empty.
    PacketEmpty = "PACKET_EMPTY", "All of it is taken.", "红包已被抢完。";
    /// A contribution of this participant is held for review.
    UnderReview = "UNDER_REVIEW", "Your contribution is being reviewed.", "你的助力正在审核中。";
    /// The reward belongs to someone else.
    NotYours = "NOT_YOURS", "This reward is someone else's.", "该奖励属于其他人。";
    /// The reward was not claimed or used in time.
    GrantOutdated = "GRANT_OUTDATED", "The time for this ended at {until}.", "该奖励已于 {until} 过期。";
    /// The pass has to be activated first.
    NotActivated = "NOT_ACTIVATED", "It has to be activated first.", "请先激活。";
    /// No keyword fits the message.
    KeywordUnknown = "KEYWORD_UNKNOWN", "No keyword fits.", "没有匹配的口令。";
    /// The reward has not as much left as is needed.
    RewardOut = "REWARD_OUT", "`{name}` has not enough left.", "`{name}` 剩余数量不足。";
    /// The account has fewer points than it costs.
    PointsShort = "POINTS_SHORT", "{most} more are needed ({name}).", "还差 {most}（{name}）。";
    /// The campaign has no such touchpoint.
    TouchpointUnknown = "TOUCHPOINT_UNKNOWN", "The campaign has no touchpoint named `{name}`.", "活动中没有名为 `{name}` 的触点。";
    /// No play waits for this event.
    EventUnknown = "EVENT_UNKNOWN", "No play waits for `{name}`.", "没有玩法需要事件 `{name}`。";
    /// The site's own risk score is above the campaign's limit.
    RiskRefused = "RISK_REFUSED", "This cannot be accepted at the moment.", "当前无法参与，请稍后再试。";
    /// Too many actions from one device.
    DeviceLimit = "DEVICE_LIMIT", "Too many from this device (at most {most}).", "该设备参与次数已达上限 {most}。";
    /// The play is for participants with other tags.
    NotEligible = "NOT_ELIGIBLE", "This is for certain customers only.", "仅限部分客户参与。";
    /// The campaign has no such live code.
    LiveCodeUnknown = "LIVE_CODE_UNKNOWN", "The campaign has no live code named `{name}`.", "活动中没有名为 `{name}` 的活码。";
    /// The live code has no such target.
    TargetUnknown = "TARGET_UNKNOWN", "There is no target `{name}`.", "没有目标 `{name}`。";
    /// The reward has to be claimed by its owner first.
    NotClaimed = "NOT_CLAIMED", "It has to be claimed first, before {until}.", "请先在 {until} 前领取。";
    /// The campaign has never seen this participant.
    ParticipantUnknown = "PARTICIPANT_UNKNOWN", "Nobody with the id `{name}` is known.", "没有编号为 `{name}` 的参与者。";
    /// Both ids are of customers who registered, each on their own.
    BothRegistered = "BOTH_REGISTERED", "Both have registered: they are two customers.", "两个编号都已注册，属于两位客户。";
}

/// What a command was refused for, with the values its sentence needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// The stable code.
    pub code: Code,
    /// A limit that was reached.
    pub most: Option<u32>,
    /// When the way is open, or was.
    pub until: Option<Time>,
    /// An expected amount.
    pub amount: Option<Money>,
    /// The field of the command that is wrong.
    pub field: Option<&'a str>,
    /// A name the sentence mentions.
    pub name: Option<&'a str>,
}

impl<'a> Rejection<'a> {
    /// A rejection without values.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Rejection { code, most: None, until: None, amount: None, field: None, name: None }
    }

    /// With the limit that was reached.
    #[must_use]
    pub const fn most(self, most: u32) -> Self {
        Rejection { most: Some(most), ..self }
    }

    /// With an instant.
    #[must_use]
    pub const fn until(self, until: Time) -> Self {
        Rejection { until: Some(until), ..self }
    }

    /// With an amount.
    #[must_use]
    pub const fn amount(self, amount: Money) -> Self {
        Rejection { amount: Some(amount), ..self }
    }

    /// With the field that is wrong.
    #[must_use]
    pub const fn field(self, field: &'a str) -> Self {
        Rejection { field: Some(field), ..self }
    }

    /// With a name.
    #[must_use]
    pub const fn name(self, name: &'a str) -> Self {
        Rejection { name: Some(name), ..self }
    }
}

impl From<Code> for Rejection<'_> {
    fn from(code: Code) -> Self {
        Rejection::new(code)
    }
}
