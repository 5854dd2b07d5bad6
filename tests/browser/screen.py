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

    # ---- acting ----

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
