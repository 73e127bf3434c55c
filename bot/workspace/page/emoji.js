// Slack's shortcodes for the emoji people and apps use most.

const TABLE = `
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|wave 👋|clap 👏|raised_hands 🙌|pray 🙏|muscle 💪|point_right 👉|point_left 👈
point_up 👆|point_down 👇|eyes 👀|handshake 🤝|v ✌️|crossed_fingers 🤞|writing_hand ✍️|raising_hand 🙋|shrug 🤷|facepalm 🤦
smile 😄|smiley 😃|grinning 😀|grin 😁|joy 😂|rofl 🤣|slightly_smiling_face 🙂|wink 😉|blush 😊|sunglasses 😎|thinking_face 🤔
neutral_face 😐|confused 😕|disappointed 😞|cry 😢|sob 😭|angry 😠|scream 😱|sweat_smile 😅|heart_eyes 😍|star-struck 🤩
partying_face 🥳|sleeping 😴|zzz 💤|face_with_monocle 🧐|exploding_head 🤯|robot_face 🤖|ghost 👻|skull 💀|see_no_evil 🙈
heart ❤️|blue_heart 💙|green_heart 💚|yellow_heart 💛|purple_heart 💜|broken_heart 💔|sparkles ✨|star ⭐|star2 🌟|fire 🔥|boom 💥|zap ⚡
tada 🎉|confetti_ball 🎊|trophy 🏆|medal 🏅|gift 🎁|balloon 🎈|rocket 🚀|airplane ✈️|car 🚗|ship 🚢|construction 🚧|anchor ⚓
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️|no_entry ⛔
no_entry_sign 🚫|octagonal_sign 🛑|question ❓|exclamation ❗|bangbang ‼️|information_source ℹ️|bulb 💡|bell 🔔|no_bell 🔕
mega 📣|loudspeaker 📢|speech_balloon 💬|thought_balloon 💭|email 📧|envelope ✉️|incoming_envelope 📨|e-mail 📧|inbox_tray 📥
outbox_tray 📤|mailbox 📫|mailbox_with_mail 📬|mailbox_closed 📪|package 📦|newspaper 📰|scroll 📜|page_facing_up 📄
clipboard 📋|memo 📝|pencil 📝|pencil2 ✏️|pushpin 📌|paperclip 📎|link 🔗|bookmark 🔖|label 🏷️|file_folder 📁
open_file_folder 📂|card_index_dividers 🗂️|file_cabinet 🗄️|wastebasket 🗑️|calendar 📅|date 📅|spiral_calendar_pad 🗓️
alarm_clock ⏰|stopwatch ⏱️|hourglass ⌛|hourglass_flowing_sand ⏳|clock1 🕐|clock9 🕘|watch ⌚|mag 🔍|mag_right 🔎|lock 🔒
unlock 🔓|closed_lock_with_key 🔐|key 🔑|shield 🛡️|gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|toolbox 🧰|broom 🧹
bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|computer 💻|desktop_computer 🖥️|floppy_disk 💾
satellite_antenna 📡|battery 🔋|electric_plug 🔌|moneybag 💰|credit_card 💳|receipt 🧾|scales ⚖️|coffee ☕|beer 🍺|pizza 🍕|cake 🍰
apple 🍎|sunny ☀️|cloud ☁️|rain_cloud 🌧️|snowflake ❄️|rainbow 🌈|earth_africa 🌍|herb 🌿|four_leaf_clover 🍀|seedling 🌱|crab 🦀
lobster 🦞|dog 🐶|cat 🐱|bug 🐛|snail 🐌|turtle 🐢|bee 🐝|red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢
large_blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|large_green_square 🟩|arrow_right ➡️|arrow_left ⬅️
arrow_up ⬆️|arrow_down ⬇️|arrows_counterclockwise 🔄|leftwards_arrow_with_hook ↩️|rewind ⏪|arrow_forward ▶️|double_vertical_bar ⏸️
repeat 🔁|one 1️⃣|two 2️⃣|three 3️⃣|100 💯|recycle ♻️|checkered_flag 🏁|triangular_flag_on_post 🚩|bust_in_silhouette 👤
busts_in_silhouette 👥|house 🏠|office 🏢|factory 🏭|books 📚|art 🎨|dart 🎯|game_die 🎲|musical_note 🎵|microscope 🔬|telescope 🔭
syringe 💉|pill 💊|sos 🆘|new 🆕|free 🆓|ok 🆗|up 🆙|cool 🆒|heavy_plus_sign ➕|heavy_minus_sign ➖|infinity ♾️|brain 🧠
`;

const SYMBOLS = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => {
      const gap = entry.lastIndexOf(' ');
      return [entry.slice(0, gap), entry.slice(gap + 1)];
    }),
);

/** The character for a shortcode without its colons, or null. Skin tones (`wave::skin-tone-3`) become the plain one. */
export function fromShortcode(name) {
  return SYMBOLS.get(String(name).split('::')[0]) ?? null;
}

/** The character a `rich_text` emoji element names by code points (`1f44d-1f3fd`), or null. */
export function fromUnicode(points) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(String(points ?? ''))) return null;
  const numbers = points.split('-').map((point) => Number.parseInt(point, 16));
  return numbers.every((number) => number <= 0x10ffff) ? String.fromCodePoint(...numbers) : null;
}

/** Shortcodes starting with (then containing) the text, as `[name, character]`. */
export function findEmoji(query, limit = 8) {
  const names = [...SYMBOLS.keys()];
  const first = names.filter((name) => name.startsWith(query));
  const then = names.filter((name) => !name.startsWith(query) && name.includes(query));
  return [...first, ...then].slice(0, limit).map((name) => [name, SYMBOLS.get(name)]);
}

/** What the reaction picker offers first. */
export const FREQUENT = [
  '+1',
  'white_check_mark',
  'eyes',
  'raised_hands',
  'heart',
  'tada',
  'joy',
  'thinking_face',
  'pray',
  'rocket',
  'fire',
  '100',
];
