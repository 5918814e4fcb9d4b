//! Why a hit is not stored: closed lists whose names are those of metrics and of the drop log.

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal $meaning:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $meaning] $variant),* }

        impl $name {
            /// Every reason, in the order in which it is looked for.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The name in metrics and logs.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// A sentence about it.
            pub fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning),* }
            }
        }
    };
}

reasons! {
    /// The request is wrong: it is answered with a status that says so.
    Refusal {
        UnknownSite "unknown_site" "idsite names no site";
        NotRecording "not_recording" "tracking is switched off by record_statistics";
        NeedsToken "needs_token" "a place, an address or an old time was sent without a token that may write";
        BulkNeedsToken "bulk_needs_token" "bulk requests are allowed with a token only";
        TooOld "too_old" "the time lies before the oldest raw data that are kept";
        BadVisitorId "bad_visitor_id" "cid has not exactly 16 hexadecimal digits";
        UnknownGoal "unknown_goal" "idgoal names no goal of the site";
        EmptyEvent "empty_event" "an event has an empty category or action";
        EmptyContent "empty_content" "a content has an empty name";
        NegativeTiming "negative_timing" "a measured time is negative";
        DuplicateOrder "duplicate_order" "the order was recorded before";
        UnhandledCustomAction "unhandled_custom_action" "nothing handles this custom action";
        NoSalt "no_salt" "the secret that hides who a visitor is cannot be read";
    }
}

impl Refusal {
    /// The HTTP status of a single request.
    pub fn status(self) -> u16 {
        match self {
            Refusal::NotRecording | Refusal::NoSalt => 503,
            _ => 400,
        }
    }
}

reasons! {
    /// The hit is left out on purpose: it is answered like one that was stored.
    Exclusion {
        NoRec "no_rec" "the parameter rec is missing";
        Robot "robot" "a robot, and robots are dropped";
        DoNotTrack "do_not_track" "the browser asks not to be tracked";
        PrivacyControl "privacy_control" "the browser sends Sec-GPC";
        Headless "headless" "a headless browser";
        Library "library" "an HTTP library of a program";
        Country "country" "a visitor from a country that is left out";
        RequestRule "request_rule" "a condition of exclude_requests";
        OptedOut "opted_out" "the visitor has opted out";
        Address "address" "an address that is left out";
        UserAgent "user_agent" "a browser that is left out";
        ReferrerSpam "referrer_spam" "a referrer that is known to spam";
        UnknownUrl "unknown_url" "a page that is none of the site's";
        Prefetch "prefetch" "a page that was loaded ahead and not seen";
        PingWithoutVisit "ping_without_visit" "a heartbeat without a visit";
        OtherBotRecord "bot_record" "a record of a robot's request that says nothing of a robot";
    }
}

/// Why a hit ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Refused(Refusal),
    Excluded(Exclusion),
}

impl Stop {
    /// The name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Stop::Refused(reason) => reason.name(),
            Stop::Excluded(reason) => reason.name(),
        }
    }

    /// A sentence about it.
    pub fn meaning(self) -> &'static str {
        match self {
            Stop::Refused(reason) => reason.meaning(),
            Stop::Excluded(reason) => reason.meaning(),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(reason: Refusal) -> Stop {
        Stop::Refused(reason)
    }
}

impl From<Exclusion> for Stop {
    fn from(reason: Exclusion) -> Stop {
        Stop::Excluded(reason)
    }
}
