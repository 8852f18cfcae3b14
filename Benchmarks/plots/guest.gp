# Time of work in a guest as a part of what it takes with the original.
load "Benchmarks/plots/style.gp"
file = "docs/performance/guest.csv"
set terminal svg size 760,520 font "sans-serif,12" background rgb "white"
set output "docs/performance/guest.svg"

set label "Work in an emulated guest, the original helper's time = 1 (median and quartiles)" at screen 0.03, screen 0.965 left
set tmargin 3
set xrange [0:1.6]
set yrange [-8.7:0.7]
unset ytics
set ytics () scale 0
set lmargin 22
set rmargin 4
set key bmargin left vertical Left reverse
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb grey lw 1.5

bar(series) = lines(file, "guest", series, "")
plot \
  bar("ours") using (column(ratio)):(row($0)):(0):(column(ratio)):(row($0) + 0.14):(row($0) + 0.38):ytic(3) \
    with boxxyerror lc rgb blue title "our helper", \
  bar("ours") using (column(ratio)):(row($0) + 0.26):(column(ratio1)):(column(ratio3)) with xerrorbars pt 0 lc rgb "#000000" notitle, \
  bar("local-passthrough") using (column(ratio)):(row($0)):(0):(column(ratio)):(row($0) - 0.12):(row($0) + 0.12) \
    with boxxyerror lc rgb amber title "no helper: QEMU as root", \
  bar("local-passthrough") using (column(ratio)):(row($0)):(column(ratio1)):(column(ratio3)) with xerrorbars pt 0 lc rgb "#000000" notitle, \
  bar("local-mapped") using (column(ratio)):(row($0)):(0):(column(ratio)):(row($0) - 0.38):(row($0) - 0.14) \
    with boxxyerror lc rgb grey title "no helper: mapped-xattr", \
  bar("local-mapped") using (column(ratio)):(row($0) - 0.26):(column(ratio1)):(column(ratio3)) with xerrorbars pt 0 lc rgb "#000000" notitle
