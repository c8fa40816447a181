"""Reading and writing folders: what each fault is told as, word for word, and round trips.

Each wrong folder is the small sound one below with some files replaced; a file
that maps to None is left out.
"""
# ruff: noqa: RUF001

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.case import Case, make_case
from models.commitment import Project
from models.finance import Overhead
from models.horizon import Horizon
from models.market import Market, Registrations
from models.problem import CaseError, Problem
from models.target import Goal, Target
from optimizer.tables import load_case, save_case

TOML = """\
name = "small"
currency = "EUR"
money_unit = 1000000

[horizon]
step = "quarter"
first = "2024Q1"
last = "2025Q4"

[finance]
opening_cash = 100

[target]
volume = 5000

[[goals]]
kind = "target_date"

[[goals]]
kind = "npv"
"""
MARKETS = """\
market,max_share,home,title
west,0.5,yes,West
east,,,East
"""
REGISTRATIONS = """\
market,segment,since,units_per_year
west,suv,,40000
east,suv,2024Q1,8000
east,suv,2025Q1,9000
"""
RAMPS = """\
ramp,age,value
slow,0,0.5
slow,1,1
"""
PLATFORMS = """\
platform,lead,cost
p1,2,50
"""
VEHICLES = """\
vehicle,segment,platform,lead,cost
v1,suv,p1,2,30
"""
ENTRIES = """\
market,mode,throughput_per_year,ramp,partner_share
east,own,4000,slow,
east,partner,,,0.1
"""
LAUNCHES = """\
vehicle,market,earliest,latest,lead,peak_share,ramp
v1,west,,,0,0.05,slow
v1,east,2024Q2,2025Q2,1,0.02,
"""
DEALS = """\
deal,partner,lead,partner_units_per_year
licence,"Maker, Inc.",1,1000
"""
PRECEDENCES = """\
commitment,after,counted_from,lag
entries.east.partner,deals.licence,effective,0
launches.v1.east,entries.east.own|entries.east.partner,start,1
"""
VALID: dict[str, str] = {
    "case.toml": TOML,
    "markets.csv": MARKETS,
    "registrations.csv": REGISTRATIONS,
    "ramps.csv": RAMPS,
    "platforms.csv": PLATFORMS,
    "vehicles.csv": VEHICLES,
    "entries.csv": ENTRIES,
    "launches.csv": LAUNCHES,
    "deals.csv": DEALS,
    "precedences.csv": PRECEDENCES,
}

#: Name of the fault, files that differ from the sound folder, messages in order.
FAULTS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "unknown column",
        {"markets.csv": MARKETS.replace("title", "colour")},
        [
            "markets.csv line 1, column colour: no column has this name. Allowed: note, market, title, home, max_share, sales_cost. Remove the column, or use the column note.",
        ],
    ),
    (
        "misspelt column",
        {"markets.csv": MARKETS.replace("max_share", "max_shar")},
        [
            "markets.csv line 1, column max_shar: no column has this name. Allowed: note, market, title, home, max_share, sales_cost. Did you mean max_share?",
        ],
    ),
    (
        "missing column",
        {"registrations.csv": "market,segment,since\nwest,suv,\neast,suv,\n"},
        [
            "registrations.csv line 1, column units_per_year: the column is missing. Allowed: market, segment, units_per_year. Add it: registrations at this yearly rate.",
        ],
    ),
    (
        "misspelt required column",
        {"registrations.csv": REGISTRATIONS.replace("units_per", "unit_per")},
        [
            "registrations.csv line 1, column unit_per_year: no column has this name. Allowed: note, market, segment, since, units_per_year. Did you mean units_per_year?",
        ],
    ),
    (
        "duplicate column",
        {"markets.csv": MARKETS.replace("title", "market")},
        [
            "markets.csv line 1, column market: the column stands 2 times. Allowed: each column once. Remove all but one.",
        ],
    ),
    (
        "columns without a name",
        {"markets.csv": "market,max_share,,\nwest,0.5,,\neast,,,\n"},
        [
            "markets.csv line 1: 2 columns without a name. Allowed: a name for each. Name them, or remove the commas at the ends of the lines.",
        ],
    ),
    (
        "semicolons",
        {"markets.csv": MARKETS.replace(",", ";")},
        [
            "markets.csv line 1: the columns are separated by semicolons. Allowed: commas. Save the table as comma separated, with a point for decimals.",
        ],
    ),
    (
        "tabs",
        {"markets.csv": MARKETS.replace(",", "\t")},
        [
            "markets.csv line 1: the columns are separated by tabs. Allowed: commas. Save the table as comma separated, with a point for decimals.",
        ],
    ),
    (
        "blank line",
        {"markets.csv": MARKETS.replace("east", "\neast")},
        [
            "markets.csv line 3: the line is blank. Allowed: a row on every line. Remove the line.",
        ],
    ),
    (
        "line of commas",
        {"markets.csv": MARKETS + ",,,\n"},
        [
            "markets.csv line 4: the line is blank. Allowed: a row on every line. Remove the line.",
        ],
    ),
    (
        "too many cells",
        {"markets.csv": MARKETS.replace("0.5", "0,5")},
        [
            "markets.csv line 2: 5 cells under 4 columns. Allowed: 4 cells. Put cells that hold a comma in quotes, and write decimals with a point.",
        ],
    ),
    (
        "too few cells",
        {"markets.csv": MARKETS.replace("east,,,East", "east")},
        [
            "markets.csv line 3: 1 cell under 4 columns. Allowed: 4 cells. Add the commas of the cells left out.",
        ],
    ),
    (
        "unclosed quote",
        {"markets.csv": MARKETS.replace("West", '"West')},
        [
            'markets.csv line 2: a quote is opened here and never closed. Allowed: quotes in pairs. Close it, and write a quote in a cell as "".',
        ],
    ),
    (
        "text after a quote",
        {"markets.csv": MARKETS.replace("West", '"West"ern')},
        [
            'markets.csv line 2: text follows a closing quote. Allowed: a comma after it. Write a quote within a cell as "".',
        ],
    ),
    (
        "quoted newline before a fault",
        {"markets.csv": MARKETS.replace("West", '"We\nst"').replace("east,,", "east,2,")},
        [
            "markets.csv line 4, column max_share: 2 is above 1. Allowed: a number from 0 to 1.",
        ],
    ),
    (
        "empty file",
        {"markets.csv": "", "segments.csv": ""},
        [
            "markets.csv line 1: the file is empty. Allowed: column names: market at least. Fill it, or remove it: a table that is left out limits nothing.",
            "segments.csv line 1: the file is empty. Allowed: column names: market, segment, max_share at least. Fill it, or remove it: a table that is left out limits nothing.",
        ],
    ),
    (
        "header only",
        {"deals.csv": "deal,partner\n", "precedences.csv": None},
        [
            "deals.csv line 1: there are no rows below the column names. Add a row, or remove the file: a table that is left out limits nothing.",
        ],
    ),
    (
        "unknown file",
        {"market.csv": MARKETS},
        [
            "market.csv: no table has this name. Allowed: markets, segments, registrations, seasonality, ramps, platforms, vehicles, entries, launches, prices, sites, production, lanes, duties, components, component_use, expansions, deals, deal_payments, deal_supply, diversions, exclusivities, projects, precedences, exclusive_groups, resources, resource_use, overheads, budgets, levers, sources. Did you mean markets?",
        ],
    ),
    (
        "unknown file like nothing",
        {"xyzzy.csv": MARKETS},
        [
            "xyzzy.csv: no table has this name. Allowed: markets, segments, registrations, seasonality, ramps, platforms, vehicles, entries, launches, prices, sites, production, lanes, duties, components, component_use, expansions, deals, deal_payments, deal_supply, diversions, exclusivities, projects, precedences, exclusive_groups, resources, resource_use, overheads, budgets, levers, sources. Rename the file, or move it elsewhere.",
        ],
    ),
    (
        "spreadsheet beside the tables",
        {"segments.xlsx": "x", "Prices.CSV": "x"},
        [
            "Prices.CSV: this file is not read. Allowed: prices.csv. Save the table as prices.csv, or move the file elsewhere.",
            "segments.xlsx: this file is not read. Allowed: segments.csv. Save the table as segments.csv, or move the file elsewhere.",
        ],
    ),
    (
        "UTF-16",
        {"markets.csv": MARKETS.encode("utf-16")},
        [
            "markets.csv line 1: the encoding is UTF-16. Allowed: UTF-8. Save the file with the encoding UTF-8.",
        ],
    ),
    (
        "UTF-16 without mark",
        {"markets.csv": MARKETS.encode("utf-16-le")},
        [
            "markets.csv line 1: the file holds a NUL character. Allowed: UTF-8 text. Save the file with the encoding UTF-8.",
        ],
    ),
    (
        "latin-1",
        {"markets.csv": MARKETS.replace("East", "Östlich").encode("latin-1")},
        [
            "markets.csv line 3: byte 0xd6 is not UTF-8. Allowed: UTF-8. Save the file with the encoding UTF-8.",
        ],
    ),
    (
        "byte order mark",
        {"markets.csv": MARKETS.encode("utf-8-sig")},
        [
            "markets.csv line 1: the file starts with a byte order mark. Allowed: UTF-8 without one. Save it as plain UTF-8; spreadsheets add the mark with 'CSV UTF-8'.",
        ],
    ),
    (
        "not a number",
        {"markets.csv": MARKETS.replace("0.5", "half")},
        [
            "markets.csv line 2, column max_share: 'half' is not a number. Allowed: a number from 0 to 1. Write digits alone, with a point for decimals.",
        ],
    ),
    (
        "percent",
        {"markets.csv": MARKETS.replace("0.5", "50%")},
        [
            "markets.csv line 2, column max_share: '50%' is not a number. Allowed: a number from 0 to 1. Write a percentage as a part of 1, such as 0.12 for 12%.",
        ],
    ),
    (
        "thousands",
        {"registrations.csv": REGISTRATIONS.replace("40000", '"40,000"')},
        [
            "registrations.csv line 2, column units_per_year: '40,000' is not a number. Allowed: a number from 0 to 1000000000. Leave out the separators of thousands.",
        ],
    ),
    (
        "decimal comma",
        {"markets.csv": MARKETS.replace("0.5", '"0,5"')},
        [
            "markets.csv line 2, column max_share: '0,5' is not a number. Allowed: a number from 0 to 1. Write decimals with a point.",
        ],
    ),
    (
        "nan",
        {"markets.csv": MARKETS.replace("0.5", "NaN")},
        [
            "markets.csv line 2, column max_share: 'NaN' is not a number. Allowed: a number from 0 to 1. Leave the cell blank for 1.",
        ],
    ),
    (
        "infinity",
        {"markets.csv": MARKETS.replace("0.5", "-inf")},
        [
            "markets.csv line 2, column max_share: '-inf' is not a number. Allowed: a number from 0 to 1. Leave the cell blank for 1.",
        ],
    ),
    (
        "gigantic",
        {"registrations.csv": REGISTRATIONS.replace("40000", "1e400")},
        [
            "registrations.csv line 2, column units_per_year: 1e400 is larger than any number here can be. Allowed: a number from 0 to 1000000000.",
        ],
    ),
    (
        "absurd",
        {"registrations.csv": REGISTRATIONS.replace("40000", "4e12")},
        [
            "registrations.csv line 2, column units_per_year: 4000000000000 is above 1000000000. Allowed: a number from 0 to 1000000000.",
        ],
    ),
    (
        "negative",
        {"registrations.csv": REGISTRATIONS.replace("40000", "-1")},
        [
            "registrations.csv line 2, column units_per_year: -1 is below 0. Allowed: a number from 0 to 1000000000.",
        ],
    ),
    (
        "above 1",
        {"markets.csv": MARKETS.replace("0.5", "50")},
        [
            "markets.csv line 2, column max_share: 50 is above 1. Allowed: a number from 0 to 1.",
        ],
    ),
    (
        "whole number",
        {"platforms.csv": PLATFORMS.replace("2,", "2.5,")},
        [
            "platforms.csv line 2, column lead: 2.5 is not a whole number. Allowed: a whole number from 0 to 600.",
        ],
    ),
    (
        "huge lead",
        {"platforms.csv": PLATFORMS.replace("2,", "10000,")},
        [
            "platforms.csv line 2, column lead: 10000 is above 600. Allowed: a whole number from 0 to 600.",
        ],
    ),
    (
        "yes or no",
        {"markets.csv": MARKETS.replace("yes", "maybe")},
        [
            "markets.csv line 2, column home: 'maybe' is neither yes nor no. Allowed: yes or no.",
        ],
    ),
    (
        "blank required cell",
        {"registrations.csv": REGISTRATIONS.replace("40000", "")},
        [
            "registrations.csv line 2, column units_per_year: the cell is blank. Allowed: a number from 0 to 1000000000. Fill in: registrations at this yearly rate.",
        ],
    ),
    (
        "blank key",
        {"markets.csv": MARKETS.replace("east", "")},
        [
            "markets.csv line 3, column market: the cell is blank. Allowed: text. Fill in: id of the market.",
        ],
    ),
    (
        "unknown word",
        {"platforms.csv": "platform,status\np1,Optional\n"},
        [
            "platforms.csv line 2, column status: 'Optional' is not known. Allowed: optional, mandatory, forbidden, in_place.",
        ],
    ),
    (
        "reserved characters",
        {"deals.csv": DEALS.replace("licence", "lic.*"), "precedences.csv": None},
        [
            "deals.csv line 2, column deal: the name 'lic.*' holds '*' and '.'. Allowed: names without . | * ? [ ] and without invisible characters. Rename it here and wherever it is used.",
        ],
    ),
    (
        "long name",
        {"deals.csv": DEALS.replace("licence", "x" * 81), "precedences.csv": None},
        [
            "deals.csv line 2, column deal: a name of 81 characters: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'.... Allowed: at most 80 characters.",
        ],
    ),
    (
        "control character",
        {"markets.csv": MARKETS.replace("West", "W\x07st")},
        [
            "markets.csv line 2, column title: the text holds the control character '\\x07'. Allowed: text without control characters. Remove it.",
        ],
    ),
    (
        "long text",
        {"markets.csv": MARKETS.replace("West", "w" * 10_001)},
        [
            "markets.csv line 2, column title: text of 10001 characters. Allowed: at most 10000 characters.",
        ],
    ),
    (
        "other digits",
        {"markets.csv": MARKETS.replace("0.5", "٠.٥")},
        [
            "markets.csv line 2, column max_share: '٠.٥' is not a number. Allowed: a number from 0 to 1. Write digits alone, with a point for decimals.",
        ],
    ),
    (
        "mixed period formats",
        {"launches.csv": LAUNCHES.replace("2024Q2", "2024-04").replace("2025Q2", "2025")},
        [
            "launches.csv line 3, column earliest: '2024-04' is not a quarter. Allowed: labels such as 2024Q1.",
            "launches.csv line 3, column latest: '2025' is not a quarter. Allowed: labels such as 2024Q1.",
        ],
    ),
    (
        "outside the horizon",
        {"launches.csv": LAUNCHES.replace("2025Q2", "2026Q1")},
        [
            "launches.csv line 3, column latest: 2026Q1 lies outside the horizon. Allowed: 2024Q1 to 2025Q4. Move it inside or leave it blank.",
        ],
    ),
    (
        "empty window",
        {"launches.csv": LAUNCHES.replace("2024Q2,2025Q2", "2025Q2,2024Q2")},
        [
            "launches.csv line 3, column latest: the window is empty: 2024Q2 lies before earliest, 2025Q2. Allowed: 2025Q2 or later. Widen the window, or set the status to forbidden.",
        ],
    ),
    (
        "nothing for the first period",
        {"registrations.csv": REGISTRATIONS.replace("2024Q1", "2024Q2")},
        [
            "registrations.csv line 3, column since: nothing is stated before 2024Q2 for east, suv. Allowed: a row that holds in the first period, 2024Q1. Add it, or leave since blank in the first row.",
        ],
    ),
    (
        "since stated twice",
        {"registrations.csv": REGISTRATIONS.replace("2025Q1", "")},
        [
            "registrations.csv line 4, column market, segment, since: registrations.east.suv holds from the same period as registrations.east.suv.2024Q1. Allowed: one row for each market, segment, since. Remove one of the two, or rename it.",
        ],
    ),
    (
        "window of what is in place",
        {
            "launches.csv": LAUNCHES.replace("lead", "status,lead")
            .replace(",0,0.05", ",in_place,0,0.05")
            .replace("2025Q2,1", "2025Q2,in_place,1"),
            "vehicles.csv": VEHICLES.replace("cost", "status").replace("30", "in_place"),
            "platforms.csv": PLATFORMS.replace("cost", "status").replace("50", "in_place"),
        },
        [
            "launches.csv line 3, column earliest: a window for what is in place already. Allowed: blank. State in effective since when it is in place.",
            "launches.csv line 3, column latest: a window for what is in place already. Allowed: blank. State in effective since when it is in place.",
        ],
    ),
    (
        "effective of what is not",
        {"platforms.csv": PLATFORMS.replace("cost", "effective").replace("50", "2023Q1")},
        [
            "platforms.csv line 2, column effective: 2023Q1, but the status is optional. Allowed: blank, unless the status is in_place. Use earliest and latest for its start.",
        ],
    ),
    (
        "duplicate key",
        {"markets.csv": MARKETS + "west,,,\n"},
        [
            "markets.csv line 4, column market: markets.west stands twice. Allowed: one row for each market. Remove one of the two, or rename it.",
        ],
    ),
    (
        "dangling reference",
        {"launches.csv": LAUNCHES.replace("v1,east", "v1,eats")},
        [
            "launches.csv line 3, column market: there is no row of markets 'eats'. Allowed: east, west. Did you mean east or west?",
        ],
    ),
    (
        "dangling commitment",
        {"precedences.csv": PRECEDENCES.replace("deals.licence", "deals.license")},
        [
            "precedences.csv line 2, column after: there is no commitment 'deals.license'. Allowed: deals.licence, entries.east.own, entries.east.partner, launches.v1.east, launches.v1.west, platforms.p1, vehicles.v1. Did you mean deals.licence?",
        ],
    ),
    (
        "missing table",
        {"vehicles.csv": None},
        [
            "launches.csv line 2, column vehicle: 'v1' is to be a row of vehicles, but there is no vehicles.csv. Add vehicles.csv with a row for each name that other tables use.",
        ],
    ),
    (
        "missing row of registrations",
        {"registrations.csv": "market,segment,units_per_year\nwest,suv,1\n"},
        [
            "launches.csv line 3, column market: registrations has no row for east, suv. Allowed: one for each market and segment in which a car is launched. Add the row to registrations.",
        ],
    ),
    (
        "ramp with a hole",
        {"ramps.csv": RAMPS + "slow,4,1\n"},
        [
            "ramps.csv line 4, column age: ramp slow has no row for age 2, 3. Allowed: every age from 0 to the last. Add the missing rows.",
        ],
    ),
    (
        "seasons",
        {
            "seasonality.csv": "market,position,index\neast,1,2\neast,2,0\nwest,1,1\nwest,2,1\nwest,3,1\nwest,4,2\n"
        },
        [
            "seasonality.csv line 3, column position: the positions of east are 1, 2. Allowed: 1 to 4, each once. State an index for each period of a year.",
            "seasonality.csv line 7, column index: the mean index of west is 1.25. Allowed: a mean of 1. Divide each index by 1.25.",
        ],
    ),
    (
        "cycle",
        {"precedences.csv": PRECEDENCES + "deals.licence,entries.east.partner,effective,0\n"},
        [
            "precedences.csv line 2, column after: none of these can ever start: entries.east.partner waits for deals.licence waits for entries.east.partner. Allowed: precedences without such a cycle. Remove one of these rows.",
        ],
    ),
    (
        "waiting for itself",
        {"precedences.csv": PRECEDENCES + "deals.licence,deals.licence,start,0\n"},
        [
            "precedences.csv line 4, column after: a commitment cannot wait for itself. Allowed: another commitment.",
        ],
    ),
    (
        "two homes",
        {"markets.csv": MARKETS.replace("east,,,", "east,,yes,")},
        [
            "markets.csv line 3, column home: west is the home market already. Allowed: yes for at most one market.",
        ],
    ),
    (
        "expansion of both",
        {"expansions.csv": "expansion,capacity_per_year\nx,5\n"},
        [
            "expansions.csv line 2, column site, component: both are blank. Allowed: exactly one of the two.",
        ],
    ),
    (
        "missing prices",
        {"prices.csv": "vehicle,market,net_price\nv1,west,20000\n"},
        [
            "launches.csv line 3, column vehicle, market: prices has no row for v1, east. Allowed: one for each launch. Add the row to prices.",
        ],
    ),
    (
        "sites alone",
        {"sites.csv": "site\nplant\n"},
        [
            "sites.csv line 2, column site: there are sites, but there is no lanes.csv. Allowed: sites, production and lanes together. Add lanes.csv, or leave sites.csv out where supply has no limit.",
            "sites.csv line 2, column site: there are sites, but there is no production.csv. Allowed: sites, production and lanes together. Add production.csv, or leave sites.csv out where supply has no limit.",
        ],
    ),
    (
        "no lane",
        {
            "sites.csv": "site\nplant\n",
            "production.csv": "site,vehicle\nplant,v1\n",
            "lanes.csv": "site,market\nplant,west\n",
        },
        [
            "launches.csv line 3, column vehicle, market: no site that builds v1 has a lane to east. Allowed: at least one site with a row for them in production and in lanes. Add the row, or leave sites.csv out where supply has no limit.",
        ],
    ),
    (
        "duties",
        {
            "sites.csv": "site,origin\nplant,\nmill,here\n",
            "production.csv": "site,vehicle\nplant,v1\n",
            "lanes.csv": "site,market\nplant,west\nplant,east\nmill,west\n",
            "duties.csv": "origin,market,rate\nhere,east,0.1\n",
        },
        [
            "lanes.csv line 4, column site, market: duties has no row for here, west. Allowed: one for the origin and market of each lane; rate 0 where it is free. Add the row to duties.",
            "sites.csv line 2, column origin: it is blank, but there are duties. Allowed: where the cars of the site come from, as in duties.",
        ],
    ),
    (
        "budgets",
        {
            "budgets.csv": "category,scope,when,amount\nplatform,total,,5\nall,total,2024,5\nall,year,2026,5\nall,period,2024,5\nall,year,,5\n"
        },
        [
            "budgets.csv line 2, column category: no commitment has the category 'platform'. Allowed: all, deals, entries, launches, platforms, vehicles. Did you mean platforms?",
            "budgets.csv line 3, column when: '2024' with scope total. Allowed: blank.",
            "budgets.csv line 4, column when: '2026' is not a year of the horizon. Allowed: 2024, 2025.",
            "budgets.csv line 5, column when: '2024' is not a period of the horizon. Allowed: 2024Q1 to 2025Q4.",
        ],
    ),
    (
        "groups",
        {
            "exclusive_groups.csv": "group,at_most\nway,1\n",
            "entries.csv": ENTRIES.replace("partner_share", "exclusive_group")
            .replace("slow,", "slow,ways")
            .replace("0.1", "ways"),
        },
        [
            "exclusive_groups.csv line 2, column group: no commitment is in a group 'way'. Allowed: ways. Did you mean ways?",
        ],
    ),
    (
        "crowded group",
        {
            "entries.csv": "market,mode,status,exclusive_group\neast,own,in_place,ways\neast,partner,in_place,ways\n"
        },
        [
            "entries.csv line 3, column exclusive_group: entries.east.own of the group ways is in place as well. Allowed: one of a group, unless exclusive_groups says more. State the group ways in exclusive_groups with at_most 2.",
        ],
    ),
    (
        "deals",
        {
            "exclusivities.csv": "deal,commitment,ends_sales\nlicence,deals.licence,\nlicence,launches.v1.west,yes\n",
            "diversions.csv": "deal,market,share\nlicence,east,0.7\nother,east,0.4\n",
            "deals.csv": DEALS + "other,,0,\n",
        },
        [
            "diversions.csv line 3, column share: together the deals divert 1.1 of the demand in east. Allowed: at most 1 over all deals, at the peak of their ramps.",
            "exclusivities.csv line 2, column commitment: a deal cannot rule itself out. Allowed: another commitment.",
            "exclusivities.csv line 3, column ends_sales: yes, but launches.v1.west is not an entry. Allowed: yes only for an entry.",
        ],
    ),
    (
        "in place on what is not",
        {
            "launches.csv": LAUNCHES.replace("lead", "status")
            .replace(",0,0.05", ",in_place,0.05")
            .replace("2025Q2,1", "2025Q2,optional")
        },
        [
            "launches.csv line 2, column status: in_place, but vehicles.v1 is optional. Allowed: in_place only with vehicles.v1 in place. Set the status of vehicles.v1 to in_place.",
        ],
    ),
    (
        "category all",
        {"platforms.csv": PLATFORMS.replace("cost", "category").replace("50", "all")},
        [
            "platforms.csv line 2, column category: all means the commitments of every category. Allowed: another name.",
        ],
    ),
    (
        "sources",
        {
            "sources.csv": "cells,basis,source,low,high\nmarkets.south.max_share,reported,x,,\nmarkets.*.max_share,assumption,x,0.1,\nlaunches.*.peak_share,derived,x,3,2\n"
        },
        [
            "sources.csv line 2, column cells: 'markets.south.max_share' names nothing in the case: markets has no row 'south'. Allowed: table.key.column, with * for any part.",
            "sources.csv line 3, column low, high: an assumption without its range. Allowed: both of them.",
            "sources.csv line 4, column cells: 'launches.*.peak_share' names nothing in the case: between table and column stand 1 part(s). Allowed: table.key.column, with * for any part. Write a * for each part that may be anything.",
            "sources.csv line 4, column low: 3 is above high, 2.",
        ],
    ),
    (
        "not TOML",
        {"case.toml": TOML.replace('"2024Q1"', "2024Q1")},
        [
            'case.toml line 7: not readable as TOML: expected newline or end of document after a statement. Allowed: lines such as name = "value". Quote text and periods as "2024Q1", and write sections as [name].',
        ],
    ),
    (
        "no horizon",
        {"case.toml": 'name = "small"\n[target]\nvolume = 3\n[[goals]]\nkind="npv"\n'},
        [
            "case.toml, horizon: the section is missing. Allowed: [horizon] with step, first and last. Add it.",
        ],
    ),
    (
        "misspelt settings",
        {
            "case.toml": TOML.replace("currency", "curency")
            .replace("first", "frist")
            .replace("opening_cash", "openingcash")
            .replace("[target]", "[targets]")
        },
        [
            "case.toml line 2, setting curency: no setting has this name. Allowed: name, title, currency, money_unit, price_basis, horizon, finance, target, goals. Did you mean currency?",
            "case.toml line 7, setting horizon.frist: no setting has this name. Allowed: step, first, last, periods_per_year. Did you mean first?",
            "case.toml line 11, setting finance.openingcash: no setting has this name. Allowed: opening_cash, cash_floor, discount_rate_per_year, cost_down_per_year, terminal_years. Did you mean opening_cash?",
            "case.toml line 13, setting targets: no setting has this name. Allowed: name, title, currency, money_unit, price_basis, horizon, finance, target, goals. Did you mean target?",
        ],
    ),
    (
        "wrong types",
        {
            "case.toml": TOML.replace("1000000", '"1000000"')
            .replace("100\n", "true\n")
            .replace("5000", "[5]")
            .replace('"EUR"', "5")
            .replace("[horizon]", "[horizon]\nperiods_per_year = 4.5")
            .replace('"npv"', "3")
        },
        [
            "case.toml line 2, setting currency: 5 is not text. Allowed: text.",
            "case.toml line 3, setting money_unit: '1000000' is text. Allowed: a number above 0 to 1000000000000. Write it without quotes.",
            "case.toml line 6, setting horizon.periods_per_year: 4.5 is not a whole number. Allowed: a whole number from 1 to 366.",
            "case.toml line 12, setting finance.opening_cash: true is not a number. Allowed: a number from -1000000000000 to 1000000000000.",
            "case.toml line 15, setting target.volume: a list is not a number. Allowed: a number above 0 to 1000000000.",
            "case.toml line 21, setting goals.kind: 3 is not known. Allowed: target_date, volume, npv, last_year_volume, volume_at, spending, peak_funding.",
        ],
    ),
    (
        "boolean in words",
        {"case.toml": TOML.replace("volume = 5000", 'volume = 5000\nrequired = "yes"')},
        [
            "case.toml line 15, setting target.required: 'yes' is text. Allowed: true or false. Write true or false without quotes.",
        ],
    ),
    (
        "section that is none",
        {
            "case.toml": "finance = 3\n"
            + TOML.replace("[finance]", "[x]").replace("[target]", "[[target]]")
        },
        [
            "case.toml line 1, setting finance: 3 is not a section. Allowed: [finance] and its settings below it.",
            "case.toml line 11, setting x: no setting has this name. Allowed: name, title, currency, money_unit, price_basis, horizon, finance, target, goals.",
            "case.toml line 14, setting target: a list is not a section. Allowed: [target] and its settings below it.",
        ],
    ),
    (
        "limits of settings",
        {
            "case.toml": TOML.replace("5000", "-1")
            .replace("1000000", "0")
            .replace(
                "opening_cash = 100",
                "opening_cash = nan\ncash_floor = 1e15\ndiscount_rate_per_year = -1",
            )
        },
        [
            "case.toml line 3, setting money_unit: 0 is not above 0. Allowed: a number above 0 to 1000000000000.",
            "case.toml line 11, setting finance.opening_cash: nan is not a number. Allowed: a number from -1000000000000 to 1000000000000.",
            "case.toml line 12, setting finance.cash_floor: 1000000000000000 is above 1000000000000. Allowed: a number from -1000000000000 to 1000000000000.",
            "case.toml line 13, setting finance.discount_rate_per_year: -1 is not above -1. Allowed: a number above -1 to 10.",
            "case.toml line 16, setting target.volume: -1 is not above 0. Allowed: a number above 0 to 1000000000.",
        ],
    ),
    (
        "empty target",
        {"case.toml": TOML.replace("volume = 5000", "")},
        [
            "case.toml line 13, setting target.volume: it is missing. Allowed: a number above 0 to 1000000000. State it: cars in the window.",
        ],
    ),
    (
        "horizon backwards",
        {"case.toml": TOML.replace("2025Q4", "2023Q4")},
        [
            "case.toml line 8, setting horizon.last: 2023Q4 lies before the first period 2024Q1. Allowed: 2024Q1 or later.",
        ],
    ),
    (
        "horizon of another step",
        {"case.toml": TOML.replace('"quarter"', '"month"')},
        [
            "case.toml line 7, setting horizon.first: '2024Q1' is not a month. Allowed: labels such as 2024-01. Write it so, or state another step.",
            "case.toml line 8, setting horizon.last: '2025Q4' is not a month. Allowed: labels such as 2024-01. Write it so, or state another step.",
        ],
    ),
    (
        "horizon too long",
        {
            "case.toml": TOML.replace("2025Q4", "9999Q4").replace(
                'step = "quarter"', 'step = "quarter"\nperiods_per_year = 4'
            )
        },
        [
            "case.toml line 7, setting horizon.periods_per_year: a quarter has its own number of periods in a year. Allowed: only with step period. Leave it out.",
            "case.toml line 9, setting horizon.last: the horizon has 31904 periods. Allowed: at most 600. Shorten the horizon or take a longer step.",
        ],
    ),
    (
        "no year for the target",
        {"case.toml": TOML.replace("volume = 5000", 'volume = 5000\ndeadline = "2024Q3"')},
        [
            "case.toml line 15, setting target.deadline: no calendar year lies wholly between 2024Q1 and 2024Q3. Allowed: a horizon and a deadline that hold at least one whole year. Use a later deadline, a longer horizon or the window rolling_year.",
        ],
    ),
    (
        "deadline outside",
        {"case.toml": TOML.replace("volume = 5000", 'volume = 5000\ndeadline = "2026Q1"')},
        [
            "case.toml line 15, setting target.deadline: '2026Q1' is not a period of the horizon. Allowed: 2024Q1 to 2025Q4.",
        ],
    ),
    (
        "goals",
        {
            "case.toml": TOML.replace("[target]\nvolume = 5000\n", "")
            + '[[goals]]\nkind = "npv"\nperiod = "2024Q1"\ntolerance_periods = 2\n[[goals]]\nkind = "volume_at"\n'
        },
        [
            "case.toml line 15, setting goals.kind: target_date, but there is no target. Add a [target] section.",
            "case.toml line 20, setting goals.kind: npv stands twice. Allowed: each goal once. Remove one.",
            "case.toml line 21, setting goals.period: a period with npv. Allowed: only with volume_at.",
            "case.toml line 22, setting goals.tolerance_periods: 2 with npv. Allowed: only with target_date. Use tolerance.",
            "case.toml line 23, setting goals.period: volume_at without a period. Allowed: 2024Q1 to 2025Q4.",
        ],
    ),
    (
        "bounds of goals",
        {
            "case.toml": TOML.replace('"target_date"', '"target_date"\nno_worse_than = 5')
            + "no_worse_than = -0.5\n"  # npv may be below 0
            + '[[goals]]\nkind = "volume"\nno_worse_than = -0.5\n'
            + '[[goals]]\nkind = "spending"\nno_worse_than = -7\n'
        },
        [
            "case.toml line 18, setting goals.no_worse_than: 5 with target_date. Allowed: only with goals that count cars or money. For a target that every plan must reach, set required = true in [target].",
            "case.toml line 25, setting goals.no_worse_than: -0.5 with volume. Allowed: from 0 with volume. Only npv can be below 0.",
            "case.toml line 28, setting goals.no_worse_than: -7 with spending. Allowed: from 0 with spending. Only npv can be below 0.",
        ],
    ),
    (
        "period of a goal",
        {"case.toml": TOML + '[[goals]]\nkind = "volume_at"\nperiod = "2026Q4"\ntolerance = 2\n'},
        [
            "case.toml line 24, setting goals.tolerance: 2 is above 1. Allowed: a number from 0 to 1.",
        ],
    ),
    (
        "empty settings",
        {"case.toml": ""},
        [
            "case.toml, horizon: the section is missing. Allowed: [horizon] with step, first and last. Add it.",
        ],
    ),
]

FileText = str | bytes | None


def write_folder(folder: Path, changes: Mapping[str, FileText]) -> Path:
    """The sound folder with some files replaced."""
    folder.mkdir(exist_ok=True)
    for name, text in {**VALID, **changes}.items():
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (folder / name).write_bytes(data)
    return folder


def messages(folder: Path) -> list[str]:
    """What loading the folder complains of."""
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def test_the_folder_that_all_others_come_from_is_sound(tmp_path: Path) -> None:
    """Faults below are due to what was changed: without a change there is none."""
    case = load_case(write_folder(tmp_path / "small", {}))
    assert case.name == "small"
    assert len(case.commitments) == 7  # 1 platform, 1 vehicle, 2 entries, 2 launches, 1 deal


@pytest.mark.parametrize(
    ("changes", "expected"),
    [pytest.param(changes, expected, id=name) for name, changes, expected in FAULTS],
)
def test_a_fault_is_told_with_place_found_allowed_and_cure(
    tmp_path: Path, changes: Mapping[str, FileText], expected: list[str]
) -> None:
    """Each fault is told once, in these words, and nothing is written."""
    folder = write_folder(tmp_path / "case", changes)
    before = sorted(os.listdir(folder))
    assert messages(folder) == expected
    assert sorted(os.listdir(folder)) == before


# Files ---------------------------------------------------------------------------


def test_a_folder_with_the_name_of_a_table_is_told(tmp_path: Path) -> None:
    """A folder called x.csv is not read, and not taken for a table that is left out."""
    folder = write_folder(tmp_path / "case", {"deals.csv": None, "precedences.csv": None})
    (folder / "deals.csv").mkdir()
    assert messages(folder) == ["deals.csv: it is a folder. Allowed: a file. Move it elsewhere."]


def test_what_is_not_an_ordinary_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe would never end; a link to itself cannot be opened."""
    folder = write_folder(tmp_path / "case", {"deals.csv": None, "precedences.csv": None})
    os.mkfifo(folder / "deals.csv")
    os.symlink(folder / "sites.csv", folder / "sites.csv")
    assert messages(folder) == [
        "deals.csv: it is not an ordinary file. Allowed: a file. Move it elsewhere.",
        "sites.csv: it cannot be read: too many levels of symbolic links. Allowed: a file that can be read.",
    ]


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason of the operating system is passed on; other tables are still checked."""
    folder = write_folder(tmp_path / "case", {"ramps.csv": RAMPS.replace("1\n", "x\n")})
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "deals.csv":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert messages(folder) == [
        "deals.csv: it cannot be read: permission denied. Allowed: a file that can be read.",
        "ramps.csv line 3, column value: 'x' is not a number. Allowed: a number from 0 to 100. Write digits alone, with a point for decimals.",
    ]


def test_a_file_that_is_far_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip of a file name must not fill the memory."""
    monkeypatch.setattr("optimizer.tables.folders.MOST_BYTES", 400)
    folder = write_folder(tmp_path / "case", {"markets.csv": MARKETS + "x" * 400})
    assert messages(folder) == [
        f"markets.csv: {len(MARKETS) + 400} bytes. Allowed: at most 400 bytes."
    ]


def test_a_file_full_of_faults_stops_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner mends a few faults at a time; a wrong file must not drown the others."""
    monkeypatch.setattr("optimizer.tables.reading.MOST_PROBLEMS", 3)
    folder = write_folder(tmp_path / "case", {"ramps.csv": RAMPS + "slow,x,1\n" * 50})
    told = messages(folder)
    assert len(told) == 4  # three faults and that the rest was not read
    assert told[-2] == "ramps.csv line 6: too many problems: what follows was not read."


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda folder: None, "the folder has no case.toml"),
        (lambda folder: (folder / "case.toml").mkdir(), "case.toml in it is a folder"),
        (
            lambda folder: os.symlink(folder / "case.toml", folder / "case.toml"),
            "case.toml in it is a link that leads nowhere",
        ),
    ],
)
def test_a_folder_without_settings_is_no_case(tmp_path: Path, make: Any, found: str) -> None:
    """Without a readable case.toml there is no calendar, hence no case."""
    folder = write_folder(tmp_path / "case", {"case.toml": None})
    make(folder)
    (told,) = messages(folder)
    assert told.startswith(
        f"{folder}: {found}. Allowed: a folder with a case.toml, a workbook (.xlsx), or one of "
    )


@pytest.mark.parametrize("name", ["no-such-case", "x" * 5000, "a\0b", "", "case.toml"])
def test_a_name_that_is_no_case_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Any text may be typed for a case; only a `CaseError` comes of it."""
    monkeypatch.chdir(tmp_path)
    assert len(messages(Path(name) if name == "case.toml" else name)) == 1  # type: ignore[arg-type]


def test_windows_line_ends_are_allowed(tmp_path: Path) -> None:
    """Spreadsheets write CRLF; the case is the same."""
    plain = write_folder(tmp_path / "plain", {})
    other = write_folder(
        tmp_path / "other", {name: text.replace("\n", "\r\n") for name, text in VALID.items()}
    )
    assert load_case(other) == load_case(plain)


def test_the_name_of_the_folder_is_the_default_name(tmp_path: Path) -> None:
    """A case without a name is called as its folder, where that can be a name."""
    settings_without = VALID["case.toml"].replace('name = "small"\n', "")
    assert (
        load_case(write_folder(tmp_path / "shire", {"case.toml": settings_without})).name == "shire"
    )
    long = "x" * 100
    assert load_case(write_folder(tmp_path / long, {"case.toml": settings_without})).name == "case"


def test_odd_file_names_cannot_confuse_a_terminal(tmp_path: Path) -> None:
    """A name that is not text, or that moves the cursor, is shown with its codes."""
    folder = write_folder(tmp_path / "case", {})
    for name in (b"\xff.csv", b"\x1b[2J.csv"):
        (folder / os.fsdecode(name)).write_bytes(b"x")
    told = messages(folder)
    assert [message.split(":")[0] for message in told] == ["\\x1b[2J.csv", "\\udcff.csv"]


def test_a_folder_that_may_not_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the list of files nobody knows which tables there are."""
    folder = write_folder(tmp_path / "case", {})

    def refuse(path: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert messages(folder) == [f"{folder}: the folder cannot be listed: permission denied."]


def test_hints_end_where_a_table_is_wrong_as_a_whole(tmp_path: Path) -> None:
    """The first 20 wrong names bring the nearest ones, the rest are told without."""
    rows = "".join(f"seg{n},west,1\n" for n in range(30))
    told = messages(
        write_folder(
            tmp_path / "case",
            {"segments.csv": "segment,market,max_share\n" + rows.replace("west", "wset")},
        )
    )
    assert len(told) == 30
    assert sum("Did you mean west" in message for message in told) == 20


def test_many_faults_are_told_in_one_go(tmp_path: Path) -> None:
    """Each fault of a thoroughly wrong folder is told, sorted, once, without consequences."""
    told = messages(
        write_folder(
            tmp_path / "case",
            {
                "case.toml": TOML.replace("currency", "curency")
                .replace("opening_cash = 100", "opening_cash = true\ncash_flor = 1")
                .replace('"npv"', '"profit"'),
                "markets.csv": "market,max_share,home,title,colour\nwest,50%,yes,West,\neast,,maybe,\n"
                "south,0.1,yes,Nord\x07,\n\nwest,,,,\nnorth,2,,,\n",
                "registrations.csv": REGISTRATIONS.replace("40000", '"40,000"').replace(
                    "2025Q1", "2025-01"
                ),
                "ramps.csv": RAMPS + "slow,1.5,1\nfast,0,1\nfast,2,1\n",
                "platforms.csv": "platform,lead,cost,status\np1,2,50,Optional\np2,700,-1,\n",
                "vehicles.csv": VEHICLES + "v2,suv,p3,2,nan\n",
                "entries.csv": ENTRIES.replace("0.1", "10").replace("slow", "quick"),
                "launches.csv": LAUNCHES.replace("2024Q2,2025Q2", "2025Q2,2026Q2"),
                "deals.csv": DEALS.replace("licence", "lic|ence").encode("utf-8-sig"),
                "precedences.csv": PRECEDENCES.replace("deals.licence", "platforms.p9")
                + "platforms.p2,vehicles.v1,finish,0\n",
                "budget.csv": "category\n",
                "sites.csv": "site;origin\nplant;here\n",
                "lanes.csv": "site,market\nplant,west\n",
                "overheads.csv": "item,amount_per_year\n",
                "resources.csv": 'resource,available\nengineers,"5\n',
            },
        )
    )
    assert told == MANY
    assert len(told) >= 25
    places = [message.split(":")[0] for message in told]
    assert len(set(places)) == len(places)  # no cell is told twice


MANY: list[str] = [
    "budget.csv: no table has this name. Allowed: markets, segments, registrations, seasonality, ramps, platforms, vehicles, entries, launches, prices, sites, production, lanes, duties, components, component_use, expansions, deals, deal_payments, deal_supply, diversions, exclusivities, projects, precedences, exclusive_groups, resources, resource_use, overheads, budgets, levers, sources. Did you mean budgets?",
    "case.toml line 2, setting curency: no setting has this name. Allowed: name, title, currency, money_unit, price_basis, horizon, finance, target, goals. Did you mean currency?",
    "case.toml line 11, setting finance.opening_cash: true is not a number. Allowed: a number from -1000000000000 to 1000000000000.",
    "case.toml line 12, setting finance.cash_flor: no setting has this name. Allowed: opening_cash, cash_floor, discount_rate_per_year, cost_down_per_year, terminal_years. Did you mean cash_floor?",
    "case.toml line 21, setting goals.kind: 'profit' is not known. Allowed: target_date, volume, npv, last_year_volume, volume_at, spending, peak_funding.",
    "deals.csv line 1: the file starts with a byte order mark. Allowed: UTF-8 without one. Save it as plain UTF-8; spreadsheets add the mark with 'CSV UTF-8'.",
    "deals.csv line 2, column deal: the name 'lic|ence' holds '|'. Allowed: names without . | * ? [ ] and without invisible characters. Rename it here and wherever it is used.",
    "entries.csv line 2, column ramp: there is no row of ramps 'quick'. Allowed: fast, slow.",
    "entries.csv line 3, column partner_share: 10 is above 1. Allowed: a number from 0 to 1.",
    "launches.csv line 3, column latest: 2026Q2 lies outside the horizon. Allowed: 2024Q1 to 2025Q4. Move it inside or leave it blank.",
    "markets.csv line 1, column colour: no column has this name. Allowed: note, market, title, home, max_share, sales_cost. Remove the column, or use the column note.",
    "markets.csv line 2, column max_share: '50%' is not a number. Allowed: a number from 0 to 1. Write a percentage as a part of 1, such as 0.12 for 12%.",
    "markets.csv line 3: 4 cells under 5 columns. Allowed: 5 cells. Add the commas of the cells left out.",
    "markets.csv line 4, column title: the text holds the control character '\\x07'. Allowed: text without control characters. Remove it.",
    "markets.csv line 5: the line is blank. Allowed: a row on every line. Remove the line.",
    "markets.csv line 7, column max_share: 2 is above 1. Allowed: a number from 0 to 1.",
    "overheads.csv line 1: there are no rows below the column names. Add a row, or remove the file: a table that is left out limits nothing.",
    "platforms.csv line 2, column status: 'Optional' is not known. Allowed: optional, mandatory, forbidden, in_place.",
    "platforms.csv line 3, column cost: -1 is below 0. Allowed: a number from 0 to 1000000000000.",
    "platforms.csv line 3, column lead: 700 is above 600. Allowed: a whole number from 0 to 600.",
    "precedences.csv line 2, column after: there is no commitment 'platforms.p9'. Allowed: deals.lic|ence, entries.east.own, entries.east.partner, launches.v1.east, launches.v1.west, platforms.p1, platforms.p2, vehicles.v1 and 1 more. Did you mean platforms.p2 or platforms.p1?",
    "precedences.csv line 4, column counted_from: 'finish' is not known. Allowed: start, effective.",
    "ramps.csv line 4, column age: 1.5 is not a whole number. Allowed: a whole number from 0 to 600.",
    "ramps.csv line 6, column age: ramp fast has no row for age 1. Allowed: every age from 0 to the last. Add the missing rows.",
    "registrations.csv line 2, column units_per_year: '40,000' is not a number. Allowed: a number from 0 to 1000000000. Leave out the separators of thousands.",
    "registrations.csv line 4, column since: '2025-01' is not a quarter. Allowed: labels such as 2024Q1.",
    'resources.csv line 2: a quote is opened here and never closed. Allowed: quotes in pairs. Close it, and write a quote in a cell as "".',
    "sites.csv line 1: the columns are separated by semicolons. Allowed: commas. Save the table as comma separated, with a point for decimals.",
    "vehicles.csv line 3, column cost: 'nan' is not a number. Allowed: a number from 0 to 1000000000000. Leave the cell blank for 0.",
]


# Any input ------------------------------------------------------------------------

CELLS = st.sampled_from(
    [
        "",
        " ",
        ",",
        '"',
        "\n",
        "\r",
        "|",
        ".",
        "*",
        "-1",
        "1e999",
        "nan",
        "yes",
        "0x1",
        "1_000",
        "2024Q9",
        "9999Q4",
        "in_place",
        "all",
        "entries.east.own",
        "=cmd()",
        "<script>",
        "Ã¶",
    ]
)


def problems_in(folder: Path) -> tuple[Problem, ...]:
    """What is wrong with a folder; nothing when it is a case."""
    try:
        load_case(folder)
    except CaseError as error:
        return error.problems
    return ()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_change_of_bytes_or_cells_raises_anything_but_a_case_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever a file holds, it is a case or a list of problems, each with its file."""
    name = data.draw(st.sampled_from(sorted(VALID)))
    raw = VALID[name].encode()
    if data.draw(st.booleans()):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 20)))
        raw = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]
    else:
        lines = [line.split(",") for line in raw.decode().splitlines()]
        line = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[line]) - 1))
        lines[line][place] = data.draw(
            CELLS | st.text(max_size=6, alphabet=st.characters(codec="utf-8"))
        )
        raw = "\n".join(",".join(cells) for cells in lines).encode()
    folder = write_folder(tmp_path_factory.mktemp("fuzz"), {name: raw})
    for problem in problems_in(folder):
        assert problem.where.endswith((".csv", ".toml"))
        assert problem.found
        for leak in ("pydantic", "Input should", "Value error", "should be a valid"):
            assert leak not in str(problem)


# Round trips ---------------------------------------------------------------------

TEXTS = st.sampled_from(
    ["Côte d'Ivoire", "=cmd()", "<script>", 'a, "b"\nc', "x\r\ny\rz", "tab\there", "Ω", "-1", "#"]
) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)
NAMES = (
    (st.sampled_from(["Côte d'Ivoire", "=cmd()", "<script>", "a,b", '"', "1", "yes"]) | TEXTS)
    .map(str.strip)
    .filter(lambda text: text.isprintable() and len(text) > 0 and not set(text) & set(".|*?[]"))
)
SHARES = st.floats(0, 1)
AMOUNTS = st.floats(-1e12, 1e12)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A sound case with odd names, texts and numbers."""
    markets = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    items = draw(st.lists(NAMES, max_size=3, unique=True))
    projects = draw(st.lists(NAMES, max_size=3, unique=True))
    return make_case(
        {
            "name": draw(NAMES),
            "title": draw(TEXTS),
            "currency": draw(TEXTS),
            "money_unit": draw(st.floats(1e-9, 1e12)),
            "horizon": Horizon(first="2024Q1", last="2025Q4"),
            "target": draw(st.none() | st.builds(Target, volume=st.floats(0.1, 1e9))),
            "goals": draw(st.sampled_from([(), (Goal(kind="npv", tolerance=0.1),)])),
            "markets": [
                Market(market=name, title=draw(TEXTS), note=draw(TEXTS), max_share=draw(SHARES))
                for name in markets
            ],
            "registrations": [
                Registrations(
                    market=name, segment=draw(NAMES), units_per_year=draw(st.floats(0, 1e9))
                )
                for name in markets
            ],
            "overheads": [
                Overhead(
                    item=name,
                    since=draw(st.sampled_from([None, "2020Q1"])),
                    amount_per_year=draw(AMOUNTS),
                )
                for name in items
            ],
            "projects": [
                Project(
                    project=name,
                    lead=draw(st.integers(0, 600)),
                    cost=draw(st.floats(0, 1e12)),
                    exclusive_group=tuple(draw(st.lists(NAMES, max_size=2, unique=True))),
                )
                for name in projects
            ],
        }
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_a_saved_case_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    """Names, texts and every digit of numbers survive; a second saving gives the same bytes."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    save_case(case, first)
    again = load_case(first)
    assert again == case
    save_case(again, second)
    files = sorted(os.listdir(first))
    assert files == sorted(os.listdir(second))
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes()


@pytest.mark.parametrize("name", ["tiny"])
def test_shipped_cases_survive_a_round_trip(tmp_path: Path, name: str) -> None:
    """The shipped cases hold every kind of table, so each is written and read back."""
    case = load_case(name)
    save_case(case, tmp_path / name)
    assert load_case(tmp_path / name) == case


def test_saving_over_another_case_leaves_no_table_of_it(tmp_path: Path) -> None:
    """A table that the new case lacks would otherwise limit it unseen."""
    full = load_case(write_folder(tmp_path / "case", {}))
    save_case(full.replace(precedences=()), tmp_path / "case")
    assert not (tmp_path / "case" / "precedences.csv").exists()
    assert load_case(tmp_path / "case") == full.replace(precedences=())
