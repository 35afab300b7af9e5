import type { LiveCodeView, Report } from "kfactor";
import { say, type Both } from "../app/language";
import type { Options } from "./echarts";
import { MODELS, STAGES } from "./words";

const COLOURS = [
  "#ff5a3c",
  "#ff9a44",
  "#2a73d8",
  "#12915a",
  "#7a4fd0",
  "#b5761a",
  "#128a8a",
  "#d8367f",
] as const;
const GRID = { left: 8, right: 16, top: 32, bottom: 8, containLabel: true };
const word = (words: Readonly<Record<string, Both>>, name: string): string =>
  say(words[name] ?? [name, name]);

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** The share of those who arrived that converted. */
export function rate({ converted, arrived }: { converted: number; arrived: number }): string {
  return percent(arrived === 0 ? 0 : converted / arrived);
}

/** Bars, because a later stage can have more people than the one before: some share who did not buy. */
export function funnel({ funnel }: Report): Options {
  const most = Math.max(1, ...funnel.map(({ people }) => people));
  return {
    color: [...COLOURS],
    animation: false,
    grid: { ...GRID, top: 8, right: 8 },
    tooltip: {},
    xAxis: { type: "value", max: most, show: false },
    yAxis: {
      type: "category",
      inverse: true,
      axisLine: { show: false },
      axisTick: { show: false },
      data: funnel.map(({ stage }) => word(STAGES, stage)),
    },
    series: [
      {
        type: "bar",
        colorBy: "data",
        barCategoryGap: "12%",
        itemStyle: { borderRadius: 6 },
        data: funnel.map(({ people }) => people),
        label: {
          show: true,
          position: "insideLeft",
          color: "#21201d",
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const { people = 0, rate = 0 } = funnel[dataIndex] ?? {};
            return `${people}  (${percent(rate)})`;
          },
        },
      },
    ],
  };
}

/** K by the day of arrival: what people brought so far, what is expected of them, and the interval. */
export function cohorts({ cohorts, k }: Report): Options {
  const low = cohorts.map((cohort) => cohort.k.low);
  const width = cohorts.map((cohort) => cohort.k.high - cohort.k.low);
  const band = { type: "line", stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true };
  return {
    color: [...COLOURS],
    animation: false,
    grid: GRID,
    legend: { data: [say(["K so far", "当前 K"]), say(["Expected", "预计"]), say(["All", "整体"])], top: 0 },
    tooltip: {
      trigger: "axis",
      valueFormatter: (value: unknown) => (typeof value === "number" ? value.toFixed(2) : ""),
    },
    xAxis: { type: "category", data: cohorts.map(({ day }) => day.slice(5)) },
    yAxis: { type: "value", min: 0 },
    series: [
      { ...band, name: "low", data: low },
      { ...band, name: "95 %", data: width, areaStyle: { color: "#ff9a44", opacity: 0.2 } },
      { type: "line", name: say(["K so far", "当前 K"]), data: cohorts.map((cohort) => cohort.k.value) },
      {
        type: "line",
        name: say(["Expected", "预计"]),
        lineStyle: { type: "dashed" },
        data: cohorts.map(({ projected }) => projected ?? null),
      },
      {
        type: "line",
        name: say(["All", "整体"]),
        symbol: "none",
        lineStyle: { type: "dotted" },
        data: cohorts.map(() => k.value),
      },
    ],
  };
}

export function days({ days }: Report): Options {
  const own = (day: Report["days"][number]): number => day.arrived - day.byShare;
  return {
    color: [COLOURS[2], COLOURS[0], COLOURS[3]],
    animation: false,
    grid: GRID,
    legend: { top: 0 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: days.map(({ day }) => day.slice(5)) },
    yAxis: { type: "value", minInterval: 1 },
    series: [
      { type: "bar", stack: "arrived", name: say(["Came on their own", "自然到访"]), data: days.map(own) },
      {
        type: "bar",
        stack: "arrived",
        name: say(["Brought by others", "裂变到访"]),
        data: days.map((d) => d.byShare),
      },
      { type: "line", name: say(["Conversions", "转化"]), data: days.map((day) => day.conversions) },
    ],
  };
}

/** The last generation that is shown on its own. */
const LAST = 7;

/** Newcomers in stretches of time, by generation: how the campaign lives and dies down. */
export function waves({ waves }: Report): Options {
  const begin = (from: number): string =>
    new Date(from).toLocaleString([], {
      month: "numeric",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
    });
  const generations = Math.min(LAST + 1, Math.max(0, ...waves.map(({ arrived }) => arrived.length)));
  const name = (n: number): string => {
    if (n === 0) return say(["Came on their own", "自然到访"]);
    return n < LAST
      ? say(["Generation {n}", "第 {n} 代"], { n })
      : say(["Generation {n} and later", "第 {n} 代及以后"], { n });
  };
  const people = (arrived: readonly number[], n: number): number =>
    n < LAST ? (arrived[n] ?? 0) : arrived.slice(LAST).reduce((sum, more) => sum + more, 0);
  return {
    color: [COLOURS[2], COLOURS[0], COLOURS[1], COLOURS[3], COLOURS[4], COLOURS[5], COLOURS[6], COLOURS[7]],
    animation: false,
    grid: GRID,
    legend: { top: 0, type: "scroll" },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: waves.map(({ from }) => begin(from)) },
    yAxis: { type: "value", minInterval: 1 },
    series: Array.from({ length: generations }, (_, generation) => ({
      type: "bar",
      stack: "waves",
      name: name(generation),
      data: waves.map(({ arrived }) => people(arrived, generation)),
    })),
  };
}

interface Node {
  name: string;
  value: number;
  children: Node[];
}

/** The largest tree of who brought whom. */
export function tree({ branches }: Report): Options {
  const nodes = new Map<string, Node>();
  for (const { who, by, reach } of branches) {
    const node: Node = { name: who, value: reach, children: [] };
    nodes.set(who, node);
    if (by != null) nodes.get(by)?.children.push(node);
  }
  const root = branches[0] === undefined ? undefined : nodes.get(branches[0].who);
  return {
    color: [...COLOURS],
    animation: false,
    tooltip: { formatter: ({ name, value }: { name: string; value: number }) => `${name}: ${value}` },
    series: [
      {
        type: "tree",
        data: root === undefined ? [] : [root],
        initialTreeDepth: -1,
        left: 60,
        right: 90,
        top: 8,
        bottom: 8,
        symbolSize: (value: number) => 5 + Math.min(18, 3 * Math.sqrt(value)),
        roam: true,
        itemStyle: { color: COLOURS[0], borderColor: COLOURS[0] },
        label: { position: "left", fontSize: 10, overflow: "truncate", width: 60 },
        leaves: { label: { position: "right" } },
      },
    ],
  };
}

/** Conversions that each model credits to each channel. */
export function credit({ credit }: Report): Options {
  const channels = [...new Set(credit.flatMap(({ channels }) => Object.keys(channels)))];
  return {
    color: [...COLOURS],
    animation: false,
    grid: GRID,
    legend: { top: 0, type: "scroll" },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: { type: "value" },
    yAxis: { type: "category", inverse: true, data: credit.map(({ model }) => word(MODELS, model)) },
    series: channels.map((channel) => ({
      type: "bar",
      stack: "credit",
      name: channel,
      data: credit.map(({ channels }) => (channels[channel] ?? 0) / 1000),
    })),
  };
}

/** Customers by recency and frequency. */
export function rfm({ rfm }: Report): Options {
  const cells = rfm.flatMap((row, r) => row.map((people, f) => [f, r, people]));
  const most = Math.max(1, ...cells.map((cell) => cell[2] ?? 0));
  return {
    animation: false,
    grid: { ...GRID, left: 24, bottom: 24 },
    tooltip: {},
    visualMap: { min: 0, max: most, show: false, inRange: { color: ["#fff7f2", "#ff9a44", "#c8372d"] } },
    xAxis: {
      type: "category",
      data: ["F1", "F2", "F3", "F4", "F5"],
      name: say(["Frequency", "频率"]),
      nameLocation: "middle",
      nameGap: 24,
    },
    yAxis: { type: "category", inverse: true, data: ["R5", "R4", "R3", "R2", "R1"] },
    series: [{ type: "heatmap", data: cells, label: { show: true } }],
  };
}

/** Loads of the targets of a live code. */
export function load({ targets }: LiveCodeView): Options {
  return {
    color: [COLOURS[3], COLOURS[1]],
    animation: false,
    grid: GRID,
    legend: { top: 0 },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: { type: "value", minInterval: 1 },
    yAxis: { type: "category", inverse: true, data: targets.map(({ target, title }) => title ?? target) },
    series: [
      {
        type: "bar",
        stack: "load",
        name: say(["Added today", "今日添加"]),
        data: targets.map(({ today }) => today),
      },
      {
        type: "bar",
        stack: "load",
        name: say(["Places kept", "保留名额"]),
        data: targets.map(({ kept }) => kept),
      },
    ],
  };
}
