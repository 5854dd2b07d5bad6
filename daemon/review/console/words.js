// What the console says. Chinese and English stand side by side, so that neither is forgotten.

const words = {
  skip: ["Skip to content", "跳到正文"],
  pages: {now: ["Now", "现在"], record: ["Record", "台账"], duty: ["Duty", "值班"], devices: ["Devices", "设备"],
    control: ["Drill, silence, arm", "演练·静音·布防"], hazards: ["Hazards", "隐患"], reports: ["Reports", "报告"],
    health: ["Health", "运行状况"], more: ["More", "更多"], incident: ["Incident", "警情"]},
  short: {control: ["Control", "操作"]},
  i_am: ["I am", "我是"], leave: ["Sign out", "退出登录"], language: ["中文", "English"],
  theme: {auto: ["Follow the device", "跟随系统"], light: ["Light", "浅色"], dark: ["Dark", "深色"]},
  appearance: ["Appearance", "外观"], signed_in: ["Signed in as", "当前登录："],
  enter_title: ["Sign in", "登录"], name: ["Name", "用户名"], password: ["Password", "密码"],
  token: ["Access token", "访问令牌"], by_token: ["With an access token instead", "改用访问令牌登录"],
  by_password: ["With name and password instead", "改用用户名和密码登录"], enter: ["Sign in", "登录"],
  enter_refused: ["Name and password do not fit.", "用户名或密码不正确。"], token_refused: ["This token is not valid.", "令牌无效。"],
  enter_braked: ["Too many attempts. Wait a minute.", "尝试次数过多，请一分钟后再试。"],
  quiet: ["All quiet", "一切正常"], quiet_text: ["Nothing is open.", "当前没有未结束的警情。"],
  last_sign: ["Last sign of life from a sensor", "最近一次设备信号"], never: ["never", "从未"], ago: ["ago", "前"],
  devices_well: ["Devices", "设备"], silent: ["silent", "失联"], on_duty: ["On duty", "当前值班"], nobody_on_duty: ["nobody", "无人"],
  lost: ["Connection lost. What you see is as of", "连接已断开。以下内容截至"], lost_more: ["Trying again…", "正在重连……"],
  not_ready: ["The service is in trouble:", "服务异常："],
  take: ["I take charge", "我来处理"], take_over: ["Take over", "由我接管"], resolve: ["Resolve", "解除"], cancel: ["Cancel", "取消"], note: ["Note", "备注"],
  note_optional: ["Note (optional)", "备注（可不填）"], what_was_it: ["What was it?", "核实结果："],
  choose: ["– choose your name –", "– 请选择姓名 –"], choose_first: ["First choose who you are.", "请先选择您的姓名。"],
  nobody: ["Nobody has it", "尚无人处理"], has_it: ["has it", "处理中"], cleared: ["clear again", "已恢复"], all_cleared: ["All sensors are clear again; a person ends it.", "探测器均已恢复，需人工解除。"],
  next: ["Next", "下一步"], again: ["Again", "再次通知"], reopens: ["Opens again unless resolved", "未解除将重新报警"], in: ["in", ""], due: ["now", "即刻"], and_more: ["and {n} more", "等 {n} 人"],
  open: ["open", "未处理"], in_hand: ["in hand", "处理中"], open_list: ["Open", "未处理"], hand_list: ["In hand", "处理中"],
  drill: ["DRILL", "演练"], failed: ["That did not work:", "操作未成功："], reported: ["reported by", "报告人"], details: ["Details", "详情"],
  sound_on: ["Sound is on", "声音已开"], sound_off: ["Allow sound", "开启声音"],
  viewer: ["You can look, not act.", "您只有查看权限。"],
  on_site: ["I am there", "我已到场"], need_help: ["I need help", "需要增援"], false_alarm: ["False alarm", "误报"], hand_over: ["Hand over", "移交"], hand_to: ["Hand over to", "移交给"],
  add_note: ["Add a note", "添加备注"], report: ["Report", "报告"], print: ["Report to print", "打印报告"], was_on_site: ["on site:", "已到场："], help_wanted: ["asks for help:", "请求增援："], doubted: ["called a false alarm by", "认为误报："],
  timeline: ["What happened", "经过"], pushes: ["Who was told", "通知情况"], zones: ["Where", "位置"], facts: ["In short", "概况"],
  to: ["To", "对象"], over: ["Over", "渠道"], result: ["Result", "结果"], why: ["Why", "原因"], when: ["When", "时间"], tries: ["{n} attempts", "{n} 次"],
  opened_at: ["Opened", "发生时间"], owner: ["In charge", "负责人"], state: ["State", "状态"], severity_word: ["Severity", "级别"], outcome: ["Outcome", "结果"], policy: ["Plan", "预案"], response: ["To acknowledgement", "确认用时"],
  delivery: {waiting: ["waits its turn", "待发"], sending: ["being sent", "发送中"], retrying: ["tried again", "重试中"], accepted: ["received", "已送达"], refused: ["refused", "被拒"], expired: ["overtaken", "已失效"]},
  reason: {opened: ["first told", "首次通知"], escalated: ["next step", "升级"], repeated: ["repeated", "再次"], raised: ["more severe", "级别升高"], joined: ["another sensor", "新增信号"], acknowledged: ["somebody has it", "已有人处理"], reopened: ["open again", "重新报警"], resolved: ["over", "已解除"], handover: ["handover", "交接"], test: ["test", "测试"], "drill.started": ["drill begins", "演练开始"], "drill.ended": ["drill ends", "演练结束"], hazard: ["hazard", "隐患"], "ledger.head": ["head of the record", "台账链头"], digest: ["digest", "警情汇总"], shift: ["change of shift", "换班交接"], report_due: ["a report is due", "报告即将到期"], report_late: ["a report is late", "报告逾期"]},
  outcomes: {real: ["Real", "真实警情"], false_alarm: ["False alarm", "误报"], test: ["Test", "测试"], drill: ["Drill", "演练"], unknown: ["Unknown", "不明"]},
  incident: {fire: ["Fire", "火警"], gas: ["Gas", "燃气"], panic: ["Panic", "紧急求助"], water: ["Water", "漏水"], intrusion: ["Intrusion", "入侵"], tamper: ["Tamper", "防拆"], trouble: ["Trouble", "故障"], other: ["Incident", "事件"]},
  severity: {critical: ["Critical", "紧急"], major: ["Major", "重要"], minor: ["Minor", "次要"], warning: ["Warning", "提示"]},
  states: {open: ["open", "待确认"], acknowledged: ["in hand", "处置中"], resolved: ["resolved", "已解除"]},
  kind: {smoke: ["smoke", "烟雾"], heat: ["heat", "高温"], call_point: ["call point", "手动报警"], gas: ["gas", "燃气"], carbon_monoxide: ["carbon monoxide", "一氧化碳"], water: ["water", "水浸"], panic: ["panic button", "紧急按钮"], contact: ["door or window", "门窗"], motion: ["motion", "移动"], glass: ["glass break", "玻璃破碎"], vibration: ["vibration", "振动"], perimeter: ["perimeter", "周界"], tamper: ["tamper", "防拆"], battery: ["battery low", "电量低"], power: ["power failed", "断电"], fault: ["fault", "故障"], link: ["silent", "失联"]},
  units: {s: ["s", "秒"], min: ["min", "分钟"], h: ["h", "小时"], days: ["days", "天"]},
  role: {viewer: ["viewer", "查看"], operator: ["operator", "值班操作"], admin: ["administrator", "管理员"]},
  nothing: ["Nothing here.", "暂无内容。"], loading: ["Loading…", "载入中……"], optional: ["optional", "可不填"],
  search: ["Search", "搜索"], all: ["All", "全部"], from: ["From", "自"], until: ["Until", "至"], show: ["Show", "显示"], export: ["Export", "导出"], more: ["Show more", "显示更多"], found: ["{n} found", "共 {n} 条"], day_report: ["Report of the day", "当日报告"],
  kind_word: ["Kind", "类型"], site: ["Site", "站点"], zone: ["Zone", "区域"], device: ["Device", "设备"], person: ["Person", "人员"], post: ["Post", "岗位"],
  this_week: ["The next seven days", "未来七天"], until_when: ["until", "至"], then: ["then", "之后"], always: ["without end", "长期"], swap: ["Swap two", "调班"], override: ["Stand in", "替班"], overrides: ["Changes by hand", "人工调整"], end: ["End it", "结束"], handovers: ["Handovers", "交接班"], accept: ["Accept the handover", "确认接班"], handover_waits: ["waits for {who} to accept", "等待 {who} 确认接班"], first_person: ["One", "甲"], second_person: ["The other", "乙"], today: ["Today", "今天"],
  trouble_only: ["Only with trouble", "仅看异常"], untested: ["Not tested for", "未测试超过"], any: ["any time", "不限"], heard: ["heard", "信号"], tested: ["tested", "测试"], never_heard: ["never heard", "从未收到信号"], never_tested: ["never tested", "从未测试"], expected: ["expected every", "应每隔"], battery_low: ["battery low", "电量低"], online: ["online", "在线"], offline: ["offline", "离线"], walk_test: ["Walk test", "步行测试"], walk_on: ["under walk test", "步行测试中"], well: ["well", "正常"], unknown_devices: ["Heard, but in no site file", "未登记的设备"], adopt: ["Copy the line for the site file", "复制登记行"], copied: ["Copied", "已复制"],
  drills: ["Drills", "演练"], silences: ["Silenced", "静音"], armings: ["Armed or disarmed by hand", "人工布防撤防"], start_drill: ["Start a drill", "开始演练"], silence: ["Silence", "静音"], arm: ["Arm", "布防"], disarm: ["Disarm", "撤防"], armed: ["armed", "已布防"], disarmed: ["disarmed", "已撤防"], ends_in: ["ends in", "剩余"], how_long: ["For how long", "时长"], whole_site: ["the whole site", "整个站点"], everything: ["everything", "全部类型"], ended: ["ended", "已结束"], none_now: ["None at the moment.", "目前没有。"], drill_text: ["The whole chain, marked as a drill. A real alarm breaks through. Outside lines are not called.", "全流程演练，所有通知带“演练”标记；真实报警照常处理；不联系外部单位。"], report_new: ["Report something", "人工报警"], report_kind: ["What is it?", "警情类型"], is_armed: ["armed", "布防中"], not_armed: ["not armed", "未布防"], silence_text: ["Panic buttons cannot be silenced.", "紧急按钮不能静音。"], announced: ["Announce it to those on duty", "事先通知值班人员"],
  reports_day: ["A day", "日报"], reports_week: ["A week", "周报"], reports_month: ["A month", "月报"], reports_free: ["Any period", "自定时段"], reports_text: ["Incidents, response times, who was told, devices and gaps, with the head of the record.", "警情、响应时间、通知情况、设备与缺口，并附台账校验值。"], last_7: ["last 7 days", "最近七天"], last_30: ["last 30 days", "最近三十天"], yesterday: ["Yesterday", "昨天"], as_table: ["as a table (CSV)", "表格（CSV）"], as_page: ["as a page", "网页"],
  broker: ["Broker", "消息服务器"], store: ["Record", "台账存储"], channels: ["Ways to people", "通知渠道"], connected: ["connected", "已连接"], disconnected: ["not connected", "未连接"], writable: ["writable", "可写入"], proofs: ["Last proof of reach", "最近一次送达确认"], head: ["Head of the record", "台账链头"], entries: ["{n} entries", "{n} 条记录"], copy: ["Copy", "复制"], version: ["Version", "版本"], streams: ["Open screens", "在线终端"], proven: ["proven", "已确认"], not_proven: ["never proven", "从未确认"], waiting_tap: ["waits for a tap", "等待确认"], send_test: ["Send a test", "发送测试"], last_used: ["last used", "最近使用"], unused: ["not used yet", "尚未使用"], since: ["since", "自"],
  hazard_new: ["Report a hazard", "上报隐患"], stage: {open: ["open", "待整改"], remedy: ["to be checked", "待验收"], remedied: ["to be checked", "待验收"], overdue: ["overdue", "已逾期"], closed: ["closed", "已闭环"]}, remedy: ["Remedied", "整改完成"], close: ["Checked and closed", "验收闭环"], reopen: ["Back to work", "退回整改"], what_is_wrong: ["What is wrong?", "隐患描述"], what_was_done: ["What was done?", "整改措施"], who_remedies: ["Who remedies it", "整改负责人"], deadline: ["Deadline", "整改期限"],
  reports_owed: ["Reports owed upward", "待上报"], report_made: ["Report made", "已上报"], report_late: ["late by", "逾期"], deadline_at: ["until", "期限"], owed_to: ["Owed to", "应报："], made_to: ["To whom (name of the person)", "接报人（可不填）"], made_at: ["When", "上报时间"], made_at_hint: ["Empty: now", "不填即现在"],
  outputs: ["Sirens, doors and other outputs", "联动输出"], output_on: ["on", "已启动"], output_unsure: ["told to go on, not confirmed", "已下达启动，未确认"], output_off: ["off", "未启动"], output_off_unsure: ["told to go off, not confirmed", "已下达停止，未确认"], output_word_on: ["switched on", "启动"], output_word_off: ["switched off", "停止"], output_confirmed: ["confirmed by the broker", "消息服务器已确认"], not_in_file: ["no longer in the site file", "已不在站点文件中"],
  flood: ["More alarms than one can read: {who} get them gathered in digests. What is critical still comes at once.", "警情过多：{who} 的通知已合并为汇总；紧急警情仍立即单独通知。"],
  tell: {signal: ["{device}: {kind}", "{device}：{kind}"]},
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
export const wordsOf = (name) => Object.keys(words[name]);

/** One of two words: pick("told", "通知"). */
export const pick = (english, chinese) => (index ? chinese : english);
