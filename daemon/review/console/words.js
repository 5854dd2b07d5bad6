// What the console says. Chinese and English stand side by side, so that neither is forgotten. Kinds,
// states, reasons, outcomes and subjects are those of decide/words.c: one word for one thing,
// wherever somebody reads it.

const words = {
  /* the frame */
  skip: ["Skip to content", "跳到正文"], navigation: ["Pages", "页面导航"],
  pages: {now: ["Now", "现在"], record: ["Record", "台账"], duty: ["Duty", "值班"], devices: ["Devices", "设备"], control: ["Drill, silence, arm", "演练·静默·布防"], hazards: ["Hazards", "隐患"], reports: ["Reports", "报告"], health: ["Health", "运行状况"], more: ["More", "更多"], incident: ["Incident", "警情"]},
  tabs: {now: ["Now", "现在"], record: ["Record", "台账"], duty: ["Duty", "值班"], devices: ["Devices", "设备"], more: ["More", "更多"]},
  lost: ["Connection lost. What you see is as of", "连接已断开。以下内容截至"], lost_more: ["Trying again…", "正在重连……"],
  failing: ["The service cannot say what is open just now: what you see may be old. Trying again…", "服务暂时答不上来，以下内容可能已过时。正在重试……"],
  unready: {store: ["The record cannot be written. Alarms are still pushed; what you do here may not be kept.", "台账无法写入。报警仍会推送；此处的操作可能无法保存。"], broker: ["No connection to the broker: what sensors say is not heard now.", "与消息服务器的连接中断，现在收不到探测器信号。"], other: ["The service is not ready yet.", "服务尚未就绪。"]},
  doubt: {lost: ["connection lost", "连接已断开"], failing: ["may be old", "内容可能过时"], unready: ["service in trouble", "服务异常"]},
  sound: {on: ["Sound is on", "声音已开"], off: ["Allow sound", "开启声音"], blocked: ["NO SOUND: touch", "声音未开，点此"]},
  drill_mark: ["[DRILL] ", "【演练】"],
  theme: {auto: ["Follow the device", "跟随系统"], light: ["Light", "浅色"], dark: ["Dark", "深色"]},
  language: ["中文", "English"], appearance: ["Appearance", "外观"], signed_in: ["Signed in as", "当前登录："], leave: ["Sign out", "退出登录"],
  role: {viewer: ["viewer", "查看"], operator: ["operator", "值班操作"], admin: ["administrator", "管理员"]},

  /* signing in */
  enter_title: ["Sign in", "登录"], enter: ["Sign in", "登录"], name: ["Name", "用户名"], password: ["Password", "密码"], token: ["Access token", "访问令牌"],
  by_token: ["With an access token instead", "改用访问令牌登录"], by_password: ["With name and password instead", "改用用户名和密码登录"],
  enter_refused: ["Name and password do not fit.", "用户名或密码不正确。"], token_refused: ["This token is not valid.", "令牌无效。"],
  enter_braked: ["Too many attempts. Wait a minute.", "尝试次数过多，请一分钟后再试。"],

  /* acting */
  i_am: ["I am", "我是"], go_on: ["Go on", "继续"], cancel: ["Cancel", "取消"], failed: ["That did not work", "操作未成功"],
  no_connection: ["No connection to the service. Whether it was done is not known: look again once the connection is back.", "与服务的连接中断，无法确认是否成功；恢复连接后请再查看。"],
  choose: ["– choose –", "– 请选择 –"], choose_name: ["– choose your name –", "– 请选择您的姓名 –"], choose_person: ["– choose a person –", "– 请选择人员 –"], choose_zone: ["– choose a zone –", "– 请选择区域 –"], choose_kind: ["– choose a kind –", "– 请选择类型 –"], choose_first: ["First choose who you are.", "请先选择您的姓名。"], choose_days: ["Choose the first and the last day.", "请选择起止日期。"],
  note: ["Note", "备注"], note_optional: ["Note (optional)", "备注（可不填）"], why: ["Why", "原因"], person: ["Person", "人员"],
  viewer: ["You can look, not act.", "您只有查看权限。"],

  /* now */
  quiet: ["All quiet", "一切正常"], quiet_text: ["Nothing is open.", "当前没有未结束的警情。"],
  unsure: ["Cannot tell", "情况不明"],
  unsure_text: {lost: ["No connection to the service: there may be alarms that are not shown here.", "与服务的连接中断：可能有此处未显示的警情。"], failing: ["The service cannot say what is open: there may be alarms that are not shown here.", "服务暂时答不上来：可能有此处未显示的警情。"], store: ["The record cannot be written: there may be alarms that are not shown here. Heed what is pushed to phones.", "台账无法写入：可能有此处未显示的警情，请留意手机推送。"], broker: ["Sensors are not heard: there may be alarms that nobody knows of.", "现在收不到探测器信号：可能有未知的警情。"], other: ["The service is not ready yet.", "服务尚未就绪。"]},
  last_sign: ["Last sign of life from a sensor", "最近一次设备信号"], never: ["never", "从未"], ago: ["{span} ago", "{span}前"], devices_well: ["Devices", "设备"], silent: ["silent", "失联"], on_duty: ["On duty", "当前值班"], nobody_on_duty: ["nobody", "无人"],
  stands: ["What stands now", "当前事项"], from_whom: ["from {who}", "交班人 {who}"],
  flood: ["More alarms than one can read: {who} get them gathered in digests. What is critical still comes at once.", "警情过多：{who} 的通知已合并为汇总；紧急警情仍立即单独通知。"],

  /* an incident */
  take: ["I take charge", "我来处理"], take_over: ["Take over", "由我接手"], resolve: ["Resolve", "解除"], what_was_it: ["What was it?", "核实结果："],
  nobody: ["Nobody has it", "尚无人处理"], has_it: ["has it", "处理中"], cleared: ["clear again", "已恢复"], all_cleared: ["All sensors are clear again; a person ends it.", "探测器均已恢复，需人工解除。"],
  next: ["Next", "下一步"], again: ["Again", "再次通知"], reopens: ["Opens again unless resolved", "未解除将重新报警"], due: ["now", "即刻"], and_more: ["and {n} more", "等 {n} 人"], line: ["{name} (line)", "{name}（外线）"],
  drill: ["DRILL", "演练"], reported: ["reported by", "报告人"], resolved_by: ["resolved by", "解除人"],
  on_site: ["I am on site", "我已到场"], need_help: ["I need help", "需要支援"], false_alarm: ["False alarm", "误报"], hand_over: ["Hand over", "移交"], hand_to: ["Hand over to", "移交给"], add_note: ["Add a note", "添加备注"],
  was_on_site: ["on site:", "已到场："], help_wanted: ["asks for help:", "请求支援："], doubted: ["called a false alarm by", "疑为误报："],
  asks_you: ["{who} asks you to take it.", "{who} 请您接手。"], accept_it: ["Accept", "接手"],
  print: ["Report to print", "打印报告"], timeline: ["What happened", "经过"], pushes: ["Who was told", "通知情况"], zones: ["Where", "位置"], facts: ["In short", "概况"], tries: ["{n} attempts", "{n} 次"],
  opened_at: ["Opened", "发生时间"], owner: ["In charge", "负责人"], last_owner: ["Was in charge", "处理人"], first_answer: ["First answer", "首次确认"], about: ["About", "事由"], detail: ["Detail", "详情"], number: ["Number", "编号"], state: ["State", "状态"], severity_word: ["Severity", "级别"], outcome: ["Outcome", "结果"], policy: ["Plan", "预案"],
  delivery: {waiting: ["waits its turn", "未轮到"], sending: ["being sent", "发送中"], retrying: ["tried again", "重试中"], accepted: ["received", "已送达"], refused: ["refused", "被拒绝"], expired: ["overtaken", "已失效"], not_needed: ["not needed", "未需要"]},
  subject: {broker: ["connection to the message broker lost", "与消息服务器的连接中断"], store: ["the record cannot be written", "台账无法写入"], record: ["the record is not what was left of it", "台账与上次留下的不符"], clock: ["the clock is wrong", "时钟异常"], channel: ["nothing gets through the channel", "通知渠道失效"], contact: ["nothing gets through to a contact", "消息无法送达"], reach: ["has not confirmed a test", "未确认收到测试消息"], gateway: ["a gateway is silent", "网关失联"], handover: ["a handover was not accepted", "交接班未确认"], silence: ["alarms were hidden by a silence", "静默期间有报警被隐去"], "armed-open": ["armed with a door open", "已布防但门窗未关"], hazard: ["a hazard is overdue", "隐患逾期未闭环"], absent: ["nothing has come for too long", "长时间未见动作"], chatter: ["comes and goes, told once", "反复报警，已合并"]},
  reason: {opened: ["opened", "新警情"], escalated: ["escalated", "升级通知"], repeated: ["repeated", "再次通知"], raised: ["severity raised", "级别升高"], joined: ["another signal joined", "新增信号"], acknowledged: ["acknowledged", "已确认"], reopened: ["reopened", "重新报警"], resolved: ["resolved", "已解除"], handover: ["handover", "交接班"], test: ["test", "测试"], "drill.started": ["drill begins", "演练开始"], "drill.ended": ["drill ends", "演练结束"], hazard: ["hazard", "隐患"], "ledger.head": ["head of the record", "台账链头"], digest: ["several incidents", "警情汇总"], shift: ["change of shift", "换班交接"], report_due: ["a report is due soon", "上报即将到期"], report_late: ["a report is late", "上报逾期"]},
  outcomes: {real: ["Real", "真实警情"], false_alarm: ["False alarm", "误报"], test: ["Test", "测试"], drill: ["Drill", "演练"], unknown: ["Unknown", "原因不明"]}, by_itself: ["Cleared by itself", "自行恢复"],
  incident: {fire: ["Fire", "火警"], gas: ["Gas", "燃气"], panic: ["Panic", "紧急求助"], water: ["Water", "漏水"], intrusion: ["Intrusion", "入侵"], tamper: ["Tamper", "防拆"], trouble: ["Trouble", "故障"], other: ["Incident", "事件"]},
  severity: {critical: ["Critical", "紧急"], major: ["Major", "重要"], minor: ["Minor", "次要"], warning: ["Warning", "提示"]},
  states: {open: ["open", "待处理"], acknowledged: ["acknowledged", "处理中"], resolved: ["resolved", "已解除"]},
  kind: {smoke: ["smoke", "烟雾"], heat: ["heat", "高温"], call_point: ["call point", "手动报警按钮"], gas: ["gas", "可燃气体"], carbon_monoxide: ["carbon monoxide", "一氧化碳"], water: ["water", "漏水"], panic: ["panic button", "紧急按钮"], contact: ["door or window", "门窗"], motion: ["motion", "移动"], glass: ["glass break", "玻璃破碎"], vibration: ["vibration", "震动"], perimeter: ["perimeter", "周界"], tamper: ["tamper", "防拆"], battery: ["battery low", "电量低"], power: ["power lost", "断电"], fault: ["fault", "故障"], link: ["silent", "失联"]},
  units: {s: ["s", "秒"], min: ["min", "分钟"], h: ["h", "小时"], day: ["day", "天"], days: ["days", "天"]},
  reports_owed: ["Reports owed upward", "待上报"], report_made: ["Report made", "已上报"], report_late: ["late by", "逾期"], deadline_at: ["until", "期限"], owed_to: ["Owed to", "应报："], made_to: ["To whom (name of the person)", "接报人（可不填）"], made_at: ["When", "上报时间"], made_at_hint: ["Empty: now", "不填即现在"],
  outputs: ["Sirens, doors and other outputs", "联动输出"], output_on: ["on", "已启动"], output_unsure: ["told to go on, not confirmed", "已下达启动，未确认"], output_off: ["off", "未启动"], output_off_unsure: ["told to go off, not confirmed", "已下达停止，未确认"], not_in_file: ["no longer in the site file", "已不在站点文件中"],

  /* the record and reports */
  nothing: ["Nothing here.", "暂无内容。"], searching: ["Searching…", "查找中……"], search: ["Search", "搜索"], filters: ["Filters", "筛选"], all: ["All", "全部"], from: ["From", "自"], until: ["Until", "至"], show: ["Show", "显示"], export: ["Export", "导出"], export_since: ["without a first day: since {day}", "未选起始日期：自 {day} 起"], more: ["Show more", "显示更多"], found: ["{n} found", "共 {n} 条"], day_report: ["Report of the day", "当日报告"], no_drills: ["without drills", "不含演练"], only_drills: ["drills only", "仅演练"],
  kind_word: ["Kind", "类型"], site: ["Site", "站点"], zone: ["Zone", "区域"], post: ["Post", "岗位"],
  reports_text: ["Incidents, response times, who was told, devices and gaps, with the head of the record.", "警情、响应时间、通知情况、设备与缺口，并附台账链头。"], reports_shift: ["Shift record", "交接班记录"], reports_shift_text: ["the last 12 hours, and what the next shift takes over", "最近 12 小时及移交事项"], reports_day: ["A day", "日报"], reports_week: ["A week", "周报"], reports_month: ["A month", "月报"], reports_free: ["Any period", "自定时段"], today: ["Today", "今天"], yesterday: ["Yesterday", "昨天"], last_7: ["last 7 days", "最近七天"], last_30: ["last 30 days", "最近三十天"], as_table: ["as a table (CSV)", "表格（CSV）"], as_page: ["as a page", "网页"], running: ["under way", "进行中"], no_drills_yet: ["No drill has been held yet.", "尚未进行过演练。"],

  /* duty */
  this_week: ["The next seven days", "未来七天"], all_day: ["all day", "全天"], until_when: ["until", "至"], then: ["then", "之后"], always: ["without end", "长期"], swap: ["Swap two", "调班"], override: ["Stand in", "替班"], overrides: ["Changes by hand", "人工调整"], end: ["End it", "结束"], handover: ["Handover", "交接班"], handovers: ["Handovers", "交接班"], accept: ["Accept the handover", "确认接班"], accept_for: ["Accept for {who}…", "代 {who} 确认…"], accept_for_text: ["Only {who} can say that {who} has taken over. The record will say that {me} said it for {who}.", "是否已接班应由 {who} 本人确认。台账将写明由 {me} 代 {who} 确认。"], handover_waits: ["waits for {who} to accept", "等待 {who} 确认接班"], first_person: ["One", "甲"], second_person: ["The other", "乙"],

  /* devices */
  trouble_only: ["Only with trouble", "仅看异常"], untested: ["Not tested for", "未测试超过"], any: ["any time", "不限"], heard: ["heard", "信号"], tested: ["tested", "测试"], never_heard: ["never heard", "从未收到信号"], never_tested: ["never tested", "从未测试"], expected: ["expected every", "应每隔"], offline: ["offline", "离线"], walk_test: ["Walk test", "步行测试"], walk_on: ["under walk test", "步行测试中"], well: ["well", "正常"], unknown_devices: ["Heard, but in no site file", "未登记的设备"], adopt: ["Copy the line for the site file", "复制登记行"], copied: ["Copied", "已复制"], copy_selected: ["Selected: copy it by hand", "已选中，请手动复制"],

  /* drill, silence, arm */
  drills: ["Drills", "演练"], silences: ["Silenced", "静默"], silenced: ["Silenced", "静默"], armings: ["Armed or disarmed by hand", "人工布防撤防"], start_drill: ["Start a drill", "开始演练"], silence: ["Silence", "静默"], arm: ["Arm", "布防"], disarm: ["Disarm", "撤防"], armed: ["armed", "已布防"], disarmed: ["disarmed", "已撤防"], ends_in: ["ends in", "剩余"], how_long: ["For how long", "时长"], whole_site: ["the whole site", "整个站点"], everything: ["everything", "全部类型"], none_now: ["None at the moment.", "目前没有。"], covers: ["Reaches {zones} zones, {devices} devices.", "涉及 {zones} 个区域、{devices} 台设备。"],
  drill_text: ["The whole chain, marked as a drill. A real alarm breaks through. Outside lines are not called.", "全流程演练，所有通知带“演练”标记；真实报警照常处理；不联系外部单位。"], silence_text: ["Alarms of what is silenced are recorded and told to nobody. Panic buttons cannot be silenced.", "静默范围内的报警只记录、不通知；紧急按钮不能静默。"], announced: ["Announce it to those on duty", "事先通知值班人员"], force: ["Although a door is open", "有门未关也布防"], is_armed: ["armed", "布防中"], not_armed: ["not armed", "未布防"], zones_armed: ["Zones", "区域"],
  report_new: ["Report something", "人工报警"], report_kind: ["What is it?", "警情类型"],

  /* hazards */
  hazard_new: ["Report a hazard", "上报隐患"], stage: {open: ["open", "待整改"], remedied: ["to be checked", "待验收"], overdue: ["overdue", "已逾期"], closed: ["closed", "已闭环"]}, remedy: ["Remedied", "整改完成"], close: ["Checked and closed", "验收闭环"], reopen: ["Back to work", "退回整改"], what_is_wrong: ["What is wrong?", "隐患描述"], what_was_done: ["What was done?", "整改措施"], who_remedies: ["Who remedies it", "整改负责人"], deadline: ["Deadline", "整改期限"], show_closed: ["Show closed ones too", "显示已闭环"],

  /* health */
  broker: ["Broker", "消息服务器"], store: ["Record", "台账存储"], channels: ["Ways to people", "通知渠道"], outside: ["outside line", "外线"], connected: ["connected", "已连接"], disconnected: ["not connected", "未连接"], writable: ["writable", "可写入"], not_writable: ["cannot be written", "无法写入"], proofs: ["Last proof of reach", "最近一次送达确认"], head: ["Head of the record", "台账链头"], entries: ["{n} entries", "{n} 条记录"], copy: ["Copy", "复制"], version: ["Version", "版本"], streams: ["Open screens", "在线终端"], proven: ["proven", "已确认"], not_proven: ["never proven", "从未确认"], waiting_tap: ["waits for a tap", "等待确认"], send_test: ["Send a test", "发送测试"], last_used: ["last used", "最近使用"], unused: ["not used yet", "尚未使用"], since: ["since", "自"],
};

let index = navigator.language.startsWith("zh") ? 1 : 0;

export const language = () => (index ? "zh" : "en");

export function speak(tag) {
  index = tag?.startsWith("zh") ? 1 : 0;
  document.documentElement.lang = index ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
}

/** say("quiet"), say("incident", "fire"), say("tries", {n: 3}): an unknown word is said as it is. */
export function say(name, word) {
  let found = words[name];
  if (typeof word === "string") found = found?.[word] ?? word;
  if (Array.isArray(found)) found = found[index];
  if (typeof found !== "string") found = name;
  return word && typeof word === "object" ? found.replace(/\{(\w+)\}/g, (_, key) => word[key] ?? "") : found;
}

/** The words below a name: Object.keys of say("outcomes", …). */
export const wordsBelow = (name) => Object.keys(words[name]);
