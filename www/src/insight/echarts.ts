import { BarChart, HeatmapChart, LineChart, TreeChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, HeatmapChart, LineChart, TreeChart]);
use([GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

export type Options = EChartsCoreOption;
export type Chart = EChartsType;

/** A chart in a place of the page. */
export function draw(place: HTMLElement): Chart {
  return init(place, null, { renderer: "svg" });
}
