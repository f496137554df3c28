# Makes the data and the numbers that tests/test_multiverse_against_r.py compares with.
# Usage: Rscript tests/oracle/multiverse/make_oracle.R tests/oracle/multiverse
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(84)

rows <- list()
add <- function(what, key, name, value) rows[[length(rows) + 1]] <<-
  data.frame(what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))

# cohorts of whole days with many ties; one without the third group, one with a group of nine,
# one with deaths on day 0 at half a day, one with hazards far apart
draw <- function(sample, sizes, rates, horizon) {
  group <- rep(c("infection", "plr", "other"), sizes)
  event_on <- floor(rexp(length(group), rates[match(group, c("infection", "plr", "other"))]))
  left_on <- floor(runif(length(group), horizon / 3, 3 * horizon))
  days <- pmin(event_on, left_on, horizon)
  status <- as.integer(event_on <= pmin(left_on, horizon))
  data.frame(sample, days = ifelse(days == 0 & status == 1, 0.5, days), status, group)
}
samples <- rbind(
  draw("usual", c(112, 75, 571), c(1 / 90, 1 / 60, 1 / 300), 84),
  draw("two groups", c(60, 45, 0), c(1 / 90, 1 / 30, 1), 84),
  draw("nine", c(80, 9, 300), c(1 / 60, 1 / 30, 1 / 300), 365),
  draw("fast", c(150, 90, 200), c(1 / 2, 1 / 3, 1 / 10), 28),
  draw("apart", c(100, 100, 100), c(1 / 300, 1 / 3, 1 / 60), 180)
)
write.csv(samples, file.path(folder, "samples.csv"), row.names = FALSE, quote = FALSE)
for (sample in unique(samples$sample)) {
  frame <- samples[samples$sample == sample, ]
  frame$group <- relevel(factor(frame$group), ref = "infection")
  fit <- coxph(Surv(days, status) ~ group, frame, ties = "efron",
               control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
  beta <- coef(fit)["groupplr"]
  error <- sqrt(vcov(fit)["groupplr", "groupplr"])
  add("cox", sample, c("estimate", "ci_low", "ci_high"), exp(beta + c(0, -1, 1) * qnorm(0.975) * error))
}

# decisions of two to five options, not balanced, that act on an estimate alone and together
n <- 150
decisions <- data.frame(
  threshold = sample(c("25", "40", "50", "60", "own"), n, TRUE),
  windows = sample(c("narrow", "own", "wide"), n, TRUE, c(0.5, 0.3, 0.2)),
  hospice = sample(c("no_event", "own"), n, TRUE)
)
decisions$order <- ifelse(runif(n) < 0.6 & decisions$windows == "wide", "first", "own")
decisions$estimate <- round(0.3 + 0.2 * (decisions$threshold == "60") - 0.4 * (decisions$windows == "narrow") +
  0.3 * (decisions$windows == "wide") * (decisions$hospice == "own") + 0.1 * (decisions$order == "first") +
  rnorm(n, 0, 0.1), 4)
write.csv(decisions, file.path(folder, "decisions.csv"), row.names = FALSE, quote = FALSE)

# Lindeman, Merenda and Gold by its definition: sequential sums of squares in every order
permute <- function(items) if (length(items) < 2) list(items) else
  do.call(c, lapply(seq_along(items), function(i) lapply(permute(items[-i]), function(p) c(items[i], p))))
orders <- permute(c("threshold", "windows", "hospice", "order"))
sequential <- sapply(orders, function(order) {
  squares <- anova(lm(reformulate(order, "estimate"), decisions))[order, "Sum Sq"]
  setNames(squares, order)[c("threshold", "windows", "hospice", "order")]
})
total <- sum((decisions$estimate - mean(decisions$estimate))^2)
add("explained", rownames(sequential), "share", rowMeans(sequential) / total)

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
