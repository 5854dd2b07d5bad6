// What the console says, in the language of the site.

const words = {
  en: {
    i_am: "I am", leave: "Sign out",
    enter_title: "Sign in", enter_text: "With the access token that you were given. It is forgotten when you close this tab.",
    token: "Access token", enter: "Sign in", enter_refused: "This token is not valid.",
    enter_braked: "Too many attempts. Wait a minute.",
    quiet: "All quiet", quiet_text: "No incident is open.",
    lost: "The connection is lost. What you see may be out of date. Trying again…",
    not_ready: "The service is in trouble:",
    take: "I take charge", resolve: "Resolve", cancel: "Cancel", note: "Note (optional)",
    outcome: "What was it?", choose: "– choose your name –", choose_first: "First choose at the top who you are.",
    choose_outcome: "Choose what it was.",
    nobody: "Nobody has taken charge yet.", owned: "In charge:", cleared: "sensor clear again",
    drill: "DRILL", failed: "That did not work:", open: "open", acknowledged: "in hand",
    reported: "reported by",
    outcomes: {real: "Real", false_alarm: "False alarm", test: "Test", drill: "Drill", unknown: "Unknown"},
    incident: {fire: "Fire", gas: "Gas", panic: "Emergency call", water: "Water", intrusion: "Intrusion",
      tamper: "Tampering", trouble: "Trouble", other: "Report"},
    severity: {critical: "critical", major: "major", minor: "minor", warning: "warning"},
    kind: {smoke: "smoke", heat: "heat", call_point: "call point", gas: "gas", carbon_monoxide: "carbon monoxide",
      water: "water", panic: "panic button", contact: "open", motion: "motion", glass: "glass break",
      vibration: "vibration", perimeter: "perimeter", tamper: "tamper", battery: "battery low",
      power: "power failed", fault: "fault", link: "silent"},
  },
  zh: {
    i_am: "我是", leave: "退出",
    enter_title: "登录", enter_text: "请输入发给您的访问令牌。关闭此页后不再保留。",
    token: "访问令牌", enter: "登录", enter_refused: "令牌无效。",
    enter_braked: "尝试次数过多,请一分钟后再试。",
    quiet: "一切正常", quiet_text: "当前没有未处理的警情。",
    lost: "连接已断开,显示内容可能不是最新。正在重连……",
    not_ready: "服务异常:",
    take: "我来处理", resolve: "解除", cancel: "取消", note: "备注(可不填)",
    outcome: "核实结果", choose: "– 请选择姓名 –", choose_first: "请先在上方选择您的姓名。",
    choose_outcome: "请选择核实结果。",
    nobody: "尚无人处理。", owned: "负责人:", cleared: "探测器已恢复",
    drill: "演练", failed: "操作未成功:", open: "未处理", acknowledged: "处理中",
    reported: "报告人:",
    outcomes: {real: "真实警情", false_alarm: "误报", test: "测试", drill: "演练", unknown: "不明"},
    incident: {fire: "火警", gas: "燃气", panic: "紧急求助", water: "漏水", intrusion: "入侵",
      tamper: "防拆", trouble: "故障", other: "人工报告"},
    severity: {critical: "特急", major: "紧急", minor: "一般", warning: "提示"},
    kind: {smoke: "烟雾", heat: "高温", call_point: "手动报警", gas: "燃气", carbon_monoxide: "一氧化碳",
      water: "水浸", panic: "紧急按钮", contact: "开启", motion: "移动", glass: "玻璃破碎",
      vibration: "振动", perimeter: "周界", tamper: "防拆", battery: "电量低",
      power: "断电", fault: "故障", link: "失联"},
  },
};

let language = navigator.language.startsWith("zh") ? "zh" : "en";

export function speak(tag) {
  language = tag && tag.startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say);
  }
}

/** say("quiet"), say("incident", "fire"): an unknown word is said as it is. */
export function say(name, word) {
  const found = words[language][name];
  return word === undefined ? found : (found[word] ?? word);
}

/** How long ago, short: "12 s", "3 min", "2 h 05". */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const zh = language === "zh";
  if (seconds < 60) return zh ? `${seconds} 秒` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return zh ? `${minutes} 分 ${seconds % 60} 秒` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return zh ? `${hours} 小时 ${minutes % 60} 分` : `${hours} h ${minutes % 60} min`;
  return zh ? `${Math.floor(hours / 24)} 天` : `${Math.floor(hours / 24)} days`;
}
