# time_mirt.R RESPONSES ANCHORS: what R's mirt takes for jobs that the extension does as well.
#
# RESPONSES is CSV of person, item, correct, group (persons and items by number, from 1, all answered),
# ANCHORS of item, difficulty, discrimination. Prints a line for each job: its name and its CPU seconds.
suppressPackageStartupMessages(library(mirt))

files <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(files[1], header = FALSE, col.names = c("person", "item", "correct", "group"))
anchors <- read.csv(files[2], header = FALSE, col.names = c("item", "difficulty", "discrimination"))
data <- matrix(NA_integer_, max(rows$person), max(rows$item))
data[cbind(rows$person, rows$item)] <- rows$correct
colnames(data) <- paste0("i", seq_len(ncol(data)))
group <- rows$group[match(seq_len(nrow(data)), rows$person)]
same <- c(colnames(data), "free_means", "free_var")

# The anchors' parameters stay, mean and variance of ability are free.
held <- mirt(data, 1, "2PL", pars = "values")
named <- match(held$item, colnames(data)[anchors$item])
for (name in c("a1", "d")) {
    rows <- !is.na(named) & held$name == name
    a <- anchors$discrimination[named[rows]]
    held$value[rows] <- if (name == "a1") a else -a * anchors$difficulty[named[rows]]
    held$est[rows] <- FALSE
}
held$est[held$name %in% c("MEAN_1", "COV_11")] <- TRUE

took <- function(job, call) {
    gc()
    seconds <- sum(system.time(call)[c("user.self", "sys.self")])
    cat(job, seconds, "\n")
}
fitted <- mirt(data, 1, "2PL", verbose = FALSE)
took("fit", mirt(data, 1, "2PL", verbose = FALSE))
took("fit_se", mirt(data, 1, "2PL", verbose = FALSE, SE = TRUE))
took("items", itemfit(fitted, fit_stats = c("S_X2", "infit")))
took("groups", multipleGroup(data, 1, group, invariance = same, verbose = FALSE))
took("groups_se", multipleGroup(data, 1, group, invariance = same, verbose = FALSE, SE = TRUE))
took("anchors", mirt(data, 1, "2PL", pars = held, verbose = FALSE))
took("anchors_se", mirt(data, 1, "2PL", pars = held, verbose = FALSE, SE = TRUE))
took("scores", fscores(fitted, method = "EAP", full.scores.SE = TRUE))
