# Cohen's kappa and its standard error (Fleiss, Cohen and Everitt 1969) by vcd::Kappa.
# Usage: Rscript make_oracle.R <folder>
suppressPackageStartupMessages(library(vcd))
folder <- commandArgs(trailingOnly = TRUE)[1]
tables <- read.csv(file.path(folder, "tables.csv"))
out <- do.call(rbind, lapply(unique(tables$example), function(name) {
  rows <- tables[tables$example == name, ]
  counts <- xtabs(n ~ first + second, rows)
  fit <- Kappa(counts)$Unweighted
  data.frame(example = name, kappa = sprintf("%.15g", fit["value"]), error = sprintf("%.15g", fit["ASE"]))
}))
write.csv(out, file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
