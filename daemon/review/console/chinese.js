// What the service refuses with, in Chinese. The English side is the format that stands in its
// source, holes and all; tests/browser/test_words.py looks that none is missing.

import {house, personName, zoneName} from "./house.js";

const sentences = [
  /* places and people */
  ["no zone '%s' at site '%s'", "没有区域“{1}”。"],
  ["no device '%s' at site '%s'", "没有设备“{1}”。"],
  ["%s: no person '%s' at site '%s'", "没有人员“{2}”。"],
  ["%s is missing: give the id of a person", "请选择人员。"],
  ["zone is missing: say where it is", "请选择区域。"],
  ["'%s' is nobody at site '%s' now", "“{1}”目前没有对应的人员。"],
  ["'%s' is an outside line: tests never reach it", "“{1}”是外线，测试不会发往外线。"],
  /* notes */
  ["note is missing", "请填写备注。"],
  ["note is missing: say why", "请填写原因。"],
  ["note is missing: what the hazard is", "请填写隐患描述。"],
  ["note is missing: what was done", "请填写整改措施。"],
  ["note is missing: what is not good yet", "请填写退回原因。"],
  ["note is missing: a panic is called off only with a reason", "取消紧急求助须写明原因。"],
  ["note is missing: a silence has a reason", "请填写静默原因。"],
  ["note is longer than %d bytes", "备注过长，最多 {1} 字节。"],
  ["note is not valid UTF-8", "备注中有无法识别的字符。"],
  /* incidents */
  ["no incident '%s'", "没有警情 {1}。"],
  ["there is no incident '%s'", "没有警情 {1}。"],
  ["incident '%s' is already resolved", "警情 {1} 已解除。"],
  ["incident %s is already resolved", "警情 {1} 已解除。"],
  ["no open incident '%s'", "没有未解除的警情 {1}。"],
  ["incident '%s' is an alarm: resolve it; a trouble or a tamper can become a hazard", "{1} 是警情，请解除；只有故障或防拆可转为隐患。"],
  ["outcome is missing: real, false_alarm, test, drill or unknown", "请选择核实结果。"],
  ["kind is missing or unknown: fire, gas, panic, water, intrusion, tamper, trouble or other", "请选择警情类型。"],
  ["choice is missing or unknown: take, on_site, need_help, hand_over or false_alarm", "请选择答复。"],
  ["to: hand it to somebody else", "请移交给其他人。"],
  /* duty */
  ["a swap names two people", "调班须选择两个人。"],
  ["people: name 1 to %d who hold the post", "请选择 1 至 {1} 名值班人员。"],
  ["people: '%s' stands twice", "“{1}”重复。"],
  ["post: no duty '%s' at site '%s'", "没有岗位“{1}”。"],
  ["it ends before it starts: to must be after from", "结束时间须晚于开始时间。"],
  ["it is over already: to lies in the past", "结束时间已过。"],
  ["to lies more than three years ahead; what holds for good belongs into the site file", "结束时间超过三年；长期安排请写入站点文件。"],
  ["%d overrides are in force; end some first", "已有 {1} 项人工调整，请先结束一些。"],
  ["no override '%s'", "没有这项人工调整。"],
  ["override '%s' is over", "这项人工调整已结束。"],
  ["there is no override '%s' in force", "这项人工调整已结束。"],
  ["no handover '%s'", "没有这次交接班。"],
  ["handover '%s' is over", "这次交接班已结束。"],
  ["handover '%s' is for '%s' to accept", "这次交接班应由 {2} 确认。"],
  /* arming, silences, drills, walk tests */
  ["open: %s; close them, or force: they are left out until they close", "有门窗未关：{1}。请先关好，或勾选“有门未关也布防”。"],
  ["it lasts up to 7d", "最长 7 天。"],
  ["disarming has an end: give how long it lasts, up to 7d", "撤防须有时长，最长 7 天。"],
  ["no arming by hand '%s' now", "这次人工布防或撤防已结束。"],
  ["name what is silenced: a device or a zone", "请选择要静默的区域或设备。"],
  ["a silence has an end: give how long it lasts, up to 30d", "静默须有时长，最长 30 天。"],
  ["%s is never silenced", "这类报警不能静默。"],
  ["no silence '%s' now", "这次静默已结束。"],
  ["%s is never drilled", "这类警情不能演练。"],
  ["a drill has an end: give how long it lasts, up to 8h", "演练须有时长，最长 8 小时。"],
  ["no drill while a real alarm is open: resolve %s first", "有真实警情未解除，不能开始演练：请先解除 {1}。"],
  ["drill %s is under way: end it first", "已有演练在进行，请先结束。"],
  ["no drill '%s'", "没有这次演练。"],
  ["drill '%s' is over", "这次演练已结束。"],
  ["a walk test lasts up to 1d", "步行测试最长 1 天。"],
  ["device '%s' is under no walk test", "设备“{1}”不在步行测试中。"],
  /* tests, reports upward */
  ["to: wanted is person:ID, duty:ID or channel:ID", "请选择测试对象。"],
  ["this test has been confirmed, or is over", "此测试已确认或已结束。"],
  ["this test is for '%s' to confirm", "此测试应由 {1} 确认。"],
  ["no report '%s' is owed", "没有这项待上报事项。"],
  ["report '%s' is made", "这项已上报。"],
  ["at: this lies ahead", "上报时间不能晚于现在。"],
  /* hazards */
  ["the deadline: up to a year ahead, as in 7d; a week where none is given", "整改期限最长一年。"],
  ["hazard '%s' has not been remedied yet: say what was done first", "尚未整改，请先填写整改措施。"],
  ["by: '%s' remedied it; somebody else checks that", "由 {1} 整改的，须由他人验收。"],
  ["give another owner (to), another deadline (for), or both", "请选择新的负责人或期限。"],
  ["no open hazard '%s'", "没有这项未闭环的隐患。"],
  ["hazard '%s' is closed", "这项隐患已闭环。"],
  /* the service itself */
  ["there is no %s '%s' now", "该事项已结束。"],
  ["site %s is not served any more", "站点 {1} 已停止服务。"],
  ["by: you have signed in as '%s' and act in that name", "您以 {1} 的身份登录，只能以本人名义操作。"],
  ["your role is %s; needed: %s", "您没有此操作的权限。"],
  ["a session changes something only from the console itself; a program sends a token instead", "请在控制台内操作。"],
  ["not recorded: %s; try again", "未能写入台账，请重试。"],
  ["not confirmed in time: it may still take effect; look before you try again, which is harmless", "尚未确认写入台账，可能仍会生效；请查看后再试，重试无妨。"],
  ["this was taken and counts; it will be recorded as soon as the record can be written: do not repeat it (%s)", "已生效；台账暂时无法写入，恢复后自动补记，请勿重复操作。"],
  ["the same request is under way; ask again in a second", "同一请求正在处理，请稍候再试。"],
  ["the store cannot be read now: %s", "台账暂时无法读取。"],
  ["too many failures from this address; wait a minute", "失败次数过多，请一分钟后再试。"],
  ["this request was taken, but what came of it could not be told: look, and take a new key if it is to be done again", "请求已受理，但结果未知；请查看后再决定是否重试。"],
  ["%s; try again", "服务正忙，请重试。"],
  ["unknown operation", "未知操作。"],
];

const hole = /%[-.\d]*(?:l{1,2}|z)?[sdu]/;
const patterns = sentences.map(([english, chinese]) => [
  new RegExp(`^${english.split(hole).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.*?)")}$`), chinese]);

/** An id as people know it. */
function named(id) {
  const person = personName(null, id);
  if (person !== id) return person;
  return [...house.sites.keys()].map((site) => zoneName(site, id)).find((name) => name !== id) ?? id;
}

/** The sentence in Chinese, or undefined where it is none of these. */
export function chinese(english) {
  for (const [pattern, words] of patterns) {
    const found = pattern.exec(english);
    if (found) return words.replace(/\{(\d)\}/g, (_, n) => named(found[n]));
  }
  return undefined;
}
