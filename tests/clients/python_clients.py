"""PyPI `matomo` (tracking) and `piwikapi` (reporting)."""

import collections
import json
import os
import sys
import traceback
import urllib.parse
import urllib.request

import matomo
from piwikapi.analytics import PiwikAnalytics

URL = os.environ["TAKWIMU_URL"]
TOKEN = os.environ["TAKWIMU_TOKEN"]


class Request(collections.UserDict):
    """The request of a visitor, as `matomo` wants it."""

    def __init__(self, path):
        super().__init__(
            HTTPS=True,
            HTTP_HOST="python.example",
            HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9",
            HTTP_REFERER="https://www.google.com/",
            QUERY_STRING="",
            REMOTE_ADDR="41.90.64.1",
            REQUEST_URI=path,
            PATH_INFO=path,
            SCRIPT_NAME="",
        )
        self.cookie = {}


def ask(method, **parameters):
    """Asks the reporting API."""
    form = {"module": "API", "format": "json", "method": method, "token_auth": TOKEN, **parameters}
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{URL}/index.php", data=body) as answer:
        return json.load(answer)


def make_site(name):
    """A site of its own for a test, so that numbers can be exact."""
    return ask("SitesManager.addSite", siteName=name, urls=f"https://{name}.example")["value"]


def tracks_a_page_with_client_hints_and_fractional_times():
    site = make_site("python")
    tracker = matomo.Matomo(Request("/shop/tents"), site, f"{URL}/")
    answer = tracker.do_track_page_view("Tents")
    assert answer.status_code == 200, answer.status_code
    assert len(answer.content) == 43, len(answer.content)
    titles = ask("Actions.getPageTitles", idSite=site, period="day", date="today")
    assert [row["label"].strip() for row in titles] == ["Tents"], titles
    browsers = ask("DevicesDetection.getBrowsers", idSite=site, period="day", date="today")
    assert browsers[0]["label"] == "Firefox", browsers


def tracks_a_goal():
    site = make_site("python-goal")
    goal = ask("Goals.addGoal", idSite=site, name="Bought", matchAttribute="manually", pattern="", patternType="")
    tracker = matomo.Matomo(Request("/thanks"), site, f"{URL}/")
    answer = tracker.do_track_goal(goal["value"], 12.5)
    assert answer.status_code == 200, answer.status_code
    goals = ask("Goals.get", idSite=site, period="day", date="today")
    assert goals["nb_conversions"] == 1, goals
    assert float(goals["revenue"]) == 12.5, goals


def analytics(site):
    client = PiwikAnalytics()
    client.set_api_url(f"{URL}/")
    client.set_id_site(site)
    client.set_format("json")
    client.set_period("day")
    client.set_date("today")
    client.set_method("VisitsSummary.get")
    return client


def asks_at_the_root_with_a_token():
    site = make_site("piwikapi")
    matomo.Matomo(Request("/"), site, f"{URL}/").do_track_page_view("Start")
    client = analytics(site)
    client.set_parameter("token_auth", TOKEN)
    assert json.loads(client.send_request())["nb_visits"] == 1


def is_refused_without_a_token_and_not_sent_to_a_form():
    site = make_site("piwikapi-anonymous")
    try:
        body = analytics(site).send_request()
    except urllib.error.HTTPError as error:
        assert error.code == 401, error.code
        body = error.read()
    assert json.loads(body)["result"] == "error", body


TESTS = [
    tracks_a_page_with_client_hints_and_fractional_times,
    tracks_a_goal,
    asks_at_the_root_with_a_token,
    is_refused_without_a_token_and_not_sent_to_a_form,
]


def main():
    failed = 0
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok      {name}")
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"FAILED  {name}: {traceback.format_exc()}")
    print(f"  {len(TESTS) - failed} passed")
    if failed:
        print(f"  {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
