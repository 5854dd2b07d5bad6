"""A screen somebody sits at: headless Chromium, of a phone or a desk."""

import os
import pathlib

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from service import SLOWER

SIZES = {"phone": (390, 844), "narrow": (360, 740), "desk": (1280, 860)}
PASSWORD = "a horse is correct"


CONTRAST = """
  const parse = (colour) => { const c = colour.match(/[\\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c; };
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
  const behind = (e) => { const all = []; for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3]) all.push(c); if (c[3] === 1) break; }
    return all.reverse().reduce((below, c) => over(c, below), [255, 255, 255]); };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), bad = [];
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, style = getComputedStyle(e);
    if (!walk.currentNode.data.trim() || e.closest("script, style, .unseen, .skip, [disabled], option") || !e.getClientRects().length) continue;
    const back = behind(e), [a, b] = [light(over(parse(style.color), back)), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((a + .05) / (b + .05) < (large ? 3 : 4.5) - .01) bad.push(`${walk.currentNode.data.trim().slice(0, 40)} ${((a + .05) / (b + .05)).toFixed(2)}`);
  }
  return bad;"""

TORN = """
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), bad = [], range = document.createRange();
  while (walk.nextNode()) {
    const node = walk.currentNode, e = node.parentElement;
    if (e.closest("script, style, .unseen, .skip, .hash, code, option, svg") || !e.getClientRects().length) continue;
    for (const {0: word, index} of node.data.matchAll(/[A-Za-z0-9:.+]{2,}/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].filter((r) => r.width > .5).map((r) => Math.round(r.top)));
      if (lines.size > 1) bad.push(`${word} is torn in "${node.data.trim().slice(0, 40)}"`);
      const scrolls = e.closest(".scroll");
      if (!scrolls && range.getBoundingClientRect().right > innerWidth + 1) bad.push(`${word} is off the screen`);
    }
  }
  return bad.slice(0, 20);"""


class Screen:
    def __init__(self, folder, size, language="zh-CN"):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-proxy-server", "--force-prefers-reduced-motion", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update",
                     f"--lang={language}", f"--user-data-dir={folder}"):
            options.add_argument(word)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        self.driver = webdriver.Chrome(options=options,
                                       service=Service("/usr/bin/chromedriver", env=env))
        self.resize(size)

    def resize(self, size, height=None):
        width, usual = SIZES[size]
        height = height or usual
        self.size = size
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size != "desk"})

    def grows(self):
        """As tall as what it shows."""
        self.resize(self.size, self.driver.execute_script(
            "return document.documentElement.scrollHeight") + 80)

    def close(self):
        self.driver.quit()

    # ---- looking ----

    def until(self, what, holds, within=10):
        """Waits on what the page shows; polled, for a browser rings no bell."""
        def tried(_driver):
            try:
                return holds()
            except (StaleElementReferenceException, IndexError):
                return None

        wait = WebDriverWait(self.driver, within * SLOWER, poll_frequency=0.05)
        try:
            return wait.until(tried)
        except WebDriverException:
            raise AssertionError(f"waited in vain until {what}; the page says:\n{self.text}\n"
                                 f"console: {self.complaints()}") from None

    @property
    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def sees(self, words, within=10):
        self.until(f"'{words}' is seen", lambda: words in self.text, within)

    def sees_no(self, words, within=10):
        self.until(f"'{words}' is gone", lambda: words not in self.text, within)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, within=10):
        return self.until(f"there is {selector}", lambda: self.all(selector)[0], within)

    def complaints(self):
        return [line["message"] for line in self.driver.get_log("browser")
                if line["level"] in ("SEVERE", "WARNING")]

    def asks(self, script, *args):
        """What a script in the page returns."""
        return self.driver.execute_script(script, *args)

    @property
    def title(self):
        return self.driver.title

    @property
    def focused(self):
        """The words of what has the keyboard's focus."""
        return self.asks("const e = document.activeElement;"
                         "return e === document.body ? '' : e.getAttribute('aria-label') ?? e.textContent")

    def faint(self):
        """Text that does not stand out enough from what is behind it (WCAG 1.4.3): also what axe
        leaves alone, as in a card that is a link as a whole."""
        return self.asks(CONTRAST)

    def torn(self):
        """Words that are broken in the middle, or reach beyond the screen."""
        return self.asks(TORN)

    # ---- acting ----

    def answers(self, path, status=None):
        """From now on the service answers so to what begins with this path; None: as it does."""
        self.asks("""
          const [path, status] = arguments;
          window.asIs ??= window.fetch;
          window.fetch = status === null ? window.asIs : (where, ...rest) => String(where).startsWith(path)
            ? Promise.resolve(new Response(JSON.stringify({detail: "the store cannot be read now: busy"}), {status}))
            : window.asIs(where, ...rest);""", path, status)

    def goes(self, url):
        self.driver.get(url)

    def button(self, words, inside="body"):
        """The button or link that says this, once it can be pressed."""
        def find():
            for element in self.all(f"{inside} button, {inside} a, {inside} summary"):
                if element.is_displayed() and element.is_enabled() and \
                        (element.text.strip() == words or element.accessible_name == words):
                    return element
            return None

        return self.until(f"there is a button '{words}'", find)

    def presses(self, words, inside="body"):
        def press():
            element = self.button(words, inside)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(f"'{words}' is pressed", press)

    def types(self, name, words):
        field = self.one(f"[name='{name}']")
        field.clear()
        field.send_keys(words)

    def sets(self, name, value):
        """A date, a time: as their own pickers would."""
        self.driver.execute_script(
            "const f = document.querySelector(`[name='${arguments[0]}']`);"
            "f.value = arguments[1]; f.dispatchEvent(new Event('input', {bubbles: true}));",
            name, value)

    def chooses(self, name, value):
        Select(self.one(f"select[name='{name}']")).select_by_value(value)

    def signs_in(self, url, name, password=PASSWORD):
        self.goes(url)
        self.types("name", name)
        self.types("password", password)
        self.one("form [type=submit]").click()
        self.one("#nav:not([hidden])")
        self.until("the page is there", lambda: self.all("#page > *") and not self.all("#enter"))

    def page(self, url, name):
        self.goes(f"{url}/#/{name}")
        self.until(f"the page {name} is shown", lambda: self.driver.execute_script(
            "return document.body.dataset.page") == name.split("/")[0] and self.all("#page > *"))

    def picture(self, path, whole=False):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))
