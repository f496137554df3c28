# Makes the numbers the survival tests are held against. Usage: Rscript make_oracle.R FOLDER
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
options(digits = 17)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(2009)
n <- 300
group <- sample(c("infection", "plr", "other"), n, TRUE, c(0.3, 0.15, 0.55))
age <- round(rnorm(n, 62, 11))
x <- round(rnorm(n, 5.8, 0.5), 3)
rate <- 0.006 * ifelse(group == "plr", 3, ifelse(group == "infection", 1.3, 0.7)) * exp(0.02 * (age - 62))
time <- floor(rexp(n, rate))                       # whole days: many ties, some on day 0
limit <- floor(runif(n, 20, 120))
status <- as.integer(time <= pmin(limit, 84))
days <- pmin(time, limit, 84)
cohort <- data.frame(days, status, group, age, x)
write.csv(cohort, file.path(folder, "cohort.csv"), row.names = FALSE, quote = FALSE)
cohort$t <- ifelse(days == 0 & status == 1, 0.5, days)
cohort$group <- factor(group, levels = c("infection", "plr", "other"))
out <- list()
add <- function(id, value) out[[length(out) + 1]] <<- data.frame(id = id, value = value)
for (g in levels(cohort$group)) {
  f <- survfit(Surv(t, status) ~ 1, cohort[cohort$group == g, ], conf.type = "log-log")
  s <- summary(f, times = c(28, 84), extend = TRUE)
  for (i in 1:2) {
    add(paste("km", g, s$time[i], "surv"), s$surv[i])
    add(paste("km", g, s$time[i], "low"), s$lower[i])
    add(paste("km", g, s$time[i], "high"), s$upper[i])
  }
  q <- quantile(f, 0.5)
  add(paste("median", g, "estimate"), q$quantile); add(paste("median", g, "low"), q$lower)
  add(paste("median", g, "high"), q$upper)
}
d <- survdiff(Surv(t, status) ~ group, cohort)
add("logrank chisq", d$chisq)
for (pair in combn(levels(cohort$group), 2, simplify = FALSE)) {
  d <- survdiff(Surv(t, status) ~ group, droplevels(cohort[cohort$group %in% pair, ]))
  add(paste("logrank", pair[1], pair[2]), d$chisq)
}
m <- coxph(Surv(t, status) ~ group + age + x, cohort, ties = "efron",
           control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
for (k in names(coef(m))) {
  add(paste("cox", k, "coef"), coef(m)[[k]]); add(paste("cox", k, "se"), sqrt(diag(vcov(m)))[[k]])
}
add("cox loglik null", m$loglik[1]); add("cox loglik", m$loglik[2])
z <- cox.zph(m, transform = "km")$table
for (k in rownames(z)) add(paste("zph", k), z[k, "chisq"])
r <- survfit(Surv(t, 1 - status) ~ 1, cohort, conf.type = "log-log")
add("reverse median", quantile(r, 0.5)$quantile)
# a flat step at one half: R answers with the middle of the step
flat <- survfit(Surv(c(1, 2, 3, 4), c(1, 1, 1, 1)) ~ 1)
add("flat median", quantile(flat, 0.5)$quantile)
out <- do.call(rbind, out)
out$value <- trimws(formatC(out$value, digits = 17, format = "g"))
write.csv(out, file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("survival", packageVersion("survival")), R.version$platform),
           file.path(folder, "session.txt"))
