//! Fixed limits of fields, lists and requests. What an installation can set is in [`crate::command::limits`].

pub use crate::identity::MAX_ID_CHARS as ID_CHARS;

// Text.
pub const NAME_CHARS: usize = 200;
pub const TITLE_CHARS: usize = 200;
pub const EMAIL_CHARS: usize = 320;
pub const URL_CHARS: usize = 2048;
pub const CATEGORY_CHARS: usize = 128;
/// A tier, a plan, a status that other systems own, the id of a member.
pub const WORD_CHARS: usize = 128;
pub const SKILL_CHARS: usize = 64;
/// Why a ticket moves.
pub const REASON_CHARS: usize = 1000;
/// What is said with a rating.
pub const COMMENT_CHARS: usize = 2000;
pub const TAG_DESCRIPTION_CHARS: usize = 500;
/// A provenance tag.
pub const SOURCE_CHARS: usize = 128;
/// The name of a custom field or an attribute.
pub const FIELD_NAME_CHARS: usize = 64;
pub const FILE_NAME_CHARS: usize = 256;

// Lists and numbers.
pub const CATEGORIES: usize = 200;
pub const MEMBERS: usize = 500;
pub const SKILLS: usize = 64;
pub const CAPACITY: i32 = 1_000_000;
pub const WEIGHT: i32 = 1_000;
/// Of the key that keeps rules from making a second issue.
pub const ONCE_KEY_CHARS: usize = 64;
/// Of the type of an event that rules emit: `custom.paid`.
pub const CUSTOM_TYPE_CHARS: usize = 64;
/// What a rule emits or hands out with one activity.
pub const RULE_DATA_BYTES: usize = 16 << 10;
/// How deep its maps and lists stand in each other.
pub const RULE_DATA_DEPTH: usize = 16;
/// Each change of an issue is told on every ticket that it is linked to.
pub const ISSUE_TICKETS: usize = 500;
/// The longest push-back window: ten years.
pub const PUSH_BACK_MICROS: i64 = 3_650 * 24 * 3_600 * 1_000_000;

// Policies and calendars.
pub const ACTIVE_POLICIES: usize = 200;
/// The longest target: ten years.
pub const MINUTES: i32 = 5_256_000;
pub const PLACE: i32 = 1_000_000;
pub const WARNINGS: usize = 10;
/// Opening hours of a week, and of a special date.
pub const INTERVALS: usize = 500;
pub const HOLIDAYS: usize = 10_000;
pub const SPECIAL_DATES: usize = 1_000;
/// Names and dates that an import keeps out.
pub const EXCLUDED: usize = 1_000;

// Requests.
/// Calls of one connection that show no token: health, reflection.
pub const OPEN_CALLS: usize = 16;
/// A message of such a call.
pub const OPEN_MESSAGE_BYTES: usize = 64 << 10;
/// Messages that have not arrived whole, together: on one connection, of one tenant, of all calls without a token, in all.
pub const UNFINISHED_CONNECTION_BYTES: usize = 24 << 20;
pub const UNFINISHED_TENANT_BYTES: usize = 32 << 20;
pub const UNFINISHED_OPEN_BYTES: usize = 8 << 20;
pub const UNFINISHED_BYTES: usize = 96 << 20;
/// Answers that their clients have not taken, together: on one connection, of one tenant, in all, and of one tenant even if the
/// others have all of that.
pub const UNTAKEN_CONNECTION_BYTES: usize = 16 << 20;
pub const UNTAKEN_TENANT_BYTES: usize = 32 << 20;
pub const UNTAKEN_BYTES: usize = 96 << 20;
pub const UNTAKEN_ALWAYS_BYTES: usize = 1 << 20;
/// A request id, and the `x-request-id` of a call.
pub const REQUEST_ID_CHARS: usize = 128;
/// No etag of ours is longer.
pub const ETAG_CHARS: usize = 64;
/// A filter, and the condition of a rule.
pub const FILTER_CHARS: usize = 1024;
/// Values beside a filter, and what they hold.
pub const FILTER_PARAMS: usize = 32;
pub const PARAM_NAME_CHARS: usize = 64;
pub const PARAM_ITEMS: usize = 500;
pub const PARAMS_BYTES: usize = 16 << 10;
pub const ORDER_BY_CHARS: usize = 256;
pub const PAGE_TOKEN_BYTES: usize = 4096;
pub const QUERY_BYTES: usize = 2048;
/// Words of an `include`.
pub const INCLUDES: usize = 32;
/// Characters of an entry of `include`.
pub const INCLUDE_CHARS: usize = 64;
/// Groups of a report.
pub const GROUPS: usize = 500;
/// Pauses in a preview.
pub const PAUSES: usize = 1_000;
/// What is wrong with a request, as far as it is told.
pub const VIOLATIONS: usize = 50;
/// Fields that an update names.
pub const MASK_PATHS: usize = 128;
/// Effects that the preview of a policy change tells one by one, at most.
pub const PREVIEWED_EFFECTS: i32 = 500;
/// Elements of a repeated field that has no limit of its own.
pub const ELEMENTS: usize = 1_000;
/// Elements in a whole message, whatever its fields are. A full batch with all tags and custom fields has fewer.
pub const ELEMENTS_OF_A_MESSAGE: usize = 100_000;
