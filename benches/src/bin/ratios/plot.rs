//! Curves, drawn as SVG.

use std::{ops::Range, path::Path};

use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    drawing::{DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement},
    prelude::{IntoLogRange, SVGBackend},
    series::LineSeries,
    style::{Color, IntoFont, RGBColor, ShapeStyle, WHITE},
};

/// What one implementation takes at each of some points.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A picture of several curves, on logarithmic axes.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    /// Ours is the first.
    pub(crate) curves: Vec<Curve>,
}

pub(crate) type DrawError = DrawingAreaErrorKind<std::io::Error>;

const SIZE: (u32, u32) = (720, 420);

/// Okabe and Ito's colours, which nobody confuses with each other.
const COLOURS: [RGBColor; 7] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(90, 90, 90),
];

impl Plot {
    /// Writes the picture to a file.
    pub(crate) fn draw(&self, path: &Path) -> Result<(), DrawError> {
        let area = SVGBackend::new(path, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (x, y) = (self.range(|(x, _)| x), self.range(|(_, y)| y));
        // The key stands to the right of the curves.
        let x = x.start..x.end * (x.end / x.start).powf(0.4);
        let y = y.start / 1.5..y.end * 1.5;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18).into_font())
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(58)
            .build_cartesian_2d(x.log_scale(), y.log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .x_label_formatter(&f64::to_string)
            .y_desc(self.y)
            .max_light_lines(0)
            .draw()?;
        for (at, curve) in self.curves.iter().enumerate() {
            let style =
                ShapeStyle::from(COLOURS[at % COLOURS.len()]).stroke_width(if at == 0 { 3 } else { 2 });
            let line = LineSeries::new(curve.points.iter().copied(), style);
            let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
            chart.draw_series(line)?.label(curve.name).legend(key);
            chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 3, style.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()
    }

    /// From the least to the greatest coordinate.
    fn range(&self, coordinate: fn((f64, f64)) -> f64) -> Range<f64> {
        let all = || self.curves.iter().flat_map(|curve| &curve.points).map(|point| coordinate(*point));
        all().fold(f64::INFINITY, f64::min)..all().fold(0.0, f64::max)
    }
}
