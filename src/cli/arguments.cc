#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>

#include "cli/config_schema.h"
#include "cli/quantities.h"

namespace rtl::cli {
namespace {

struct CommandHelp {
  Command command;
  const char* name;
  const char* summary;
  const char* examples;
};

constexpr CommandHelp kCommands[] = {
    {Command::kSync, "sync", "Load what differs between SOURCE and TABLES once, then exit",
     "Examples:\n"
     "  rtloader sync /data/in /data/tables\n"
     "  rtloader sync /data/in /data/tables --pattern 'id-(\\d+)\\.txt' --schema 'wid STRING, n BIGINT'\n"
     "  rtloader sync s3://bucket/customers/ s3://lake/tables/\n"
     "  rtloader sync s3://bucket/customers/ s3://lake/tables/ --max-files 10000   # the rest next time\n"
     "  rtloader sync --config rtloader.toml --json\n\n"
     "Exit codes: 0 converged, 5 more is left than --max-files or --max-bytes allow, 3 files held or failed "
     "or deletes refused, 2 usage or configuration, 1 "
     "stopped by an\n"
     "error, 130/143 stopped by SIGINT/SIGTERM (what was committed stands).\n"},
    {Command::kWatch, "watch", "Follow SOURCE until SIGTERM or SIGINT; one log line a commit",
     "Examples:\n"
     "  rtloader watch /data/in /data/tables\n"
     "  rtloader watch --config /etc/rtloader.toml --json\n"
     "  RTLOADER_EVENTS_SQS=https://sqs.eu-west-1.amazonaws.com/1/customers rtloader watch s3://in/ "
     "s3://lake/t/\n\n"
     "Exit codes: 0 stopped by SIGINT/SIGTERM with nothing half done, 2 usage or configuration, 1 stopped by "
     "an error.\n"},
    {Command::kLambda, "lambda", "Serve AWS Lambda invocations: load the files that their events name",
     "Examples:\n"
     "  rtloader lambda   # as the function's bootstrap, with RTLOADER_SOURCE_PATH and RTLOADER_TABLES_ROOT "
     "set\n\n"
     "Takes S3 notifications, SQS batches, EventBridge and SNS events. docs/deploy.md says how to set it "
     "up.\n"},
    {Command::kPlan, "plan", "Say what sync would do; change nothing",
     "Examples:\n"
     "  rtloader plan /data/in /data/tables\n"
     "  rtloader plan /data/in /data/tables --json\n"},
    {Command::kVerify, "verify", "Compare every file with its rows in the snapshot",
     "Examples:\n"
     "  rtloader verify /data/in /data/tables\n"
     "  rtloader verify /data/in /data/tables --fast   # by the ledger, without reading the rows\n"
     "  rtloader verify /data/in /data/tables --repair # load again exactly what differs\n\n"
     "Exit codes: 0 they agree (with --repair: now), 4 they differ, 2 usage or configuration, 1 stopped by "
     "an error.\n"},
    {Command::kStatus, "status", "Show the tables, their versions, and files that are held or failed",
     "Examples:\n"
     "  rtloader status /data/in /data/tables\n"
     "  rtloader status --config rtloader.toml --json\n"},
    {Command::kDoctor, "doctor",
     "Check credentials, rights, conditional writes, versioning, events and clock",
     "Examples:\n"
     "  rtloader doctor s3://bucket/customers/ s3://lake/tables/\n"
     "  rtloader doctor --config rtloader.toml --json\n\n"
     "Exit codes: 0 all is well, 1 something that a run needs is missing, 2 usage or configuration.\n"},
    {Command::kConvertLayout, "convert-layout", "Give the snapshot another layout, in one commit",
     "Examples:\n"
     "  rtloader convert-layout /data/in /data/tables --to packed    # many small files share a data file\n"
     "  rtloader convert-layout /data/in /data/tables --to per_file  # each file has data files of its "
     "own\n\n"
     "No row changes, and loaders may run meanwhile. docs/tables.md says which layout suits what.\n"
     "Exit codes: 0 done (or already so), 2 usage or configuration, 1 stopped by an error: nothing "
     "changed.\n"},
    {Command::kShow, "show", "Print rows of one table",
     "Examples:\n"
     "  rtloader show /data/tables/customer_data_snapshot\n"
     "  rtloader show /data/tables/quarantine --limit 100 --columns source_file,line_number,reason\n"
     "  rtloader show /data/tables/customer_data_snapshot --where \"source_file = 'id-1.txt' AND "
     "file_version >= 3\"\n"
     "  rtloader show /data/tables/customer_data_snapshot --version 3 --limit 0 --json\n"
     "  rtloader show /data/tables/customer_data_snapshot --timestamp 2026-01-31T12:00:00Z\n"
     "  rtloader show s3://lake/tables/file_log\n"
     "  rtloader show file_log --config rtloader.toml\n"},
    {Command::kOptimize, "optimize", "Rewrite many small files of tables as fewer large ones",
     "Examples:\n"
     "  rtloader optimize /data/tables                      # all tables of the loader below it\n"
     "  rtloader optimize /data/tables/customer_data_raw\n"
     "  rtloader optimize customer_data_raw file_log --config rtloader.toml\n"
     "  rtloader optimize s3://lake/some_other_table\n\n"
     "Rows stay the same, and so does what others read meanwhile. A customer's files in the snapshot are\n"
     "merged with each other alone. Safe beside running loaders and other writers.\n\n"
     "Exit codes: 0 done, 2 usage or configuration, 1 an error with a table (the others are done all the\n"
     "same), 130/143 stopped by SIGINT/SIGTERM (what was rewritten stands).\n"},
    {Command::kVacuum, "vacuum", "Delete files that no version within the retention needs",
     "Examples:\n"
     "  rtloader vacuum /data/tables --dry-run              # which files, and how large\n"
     "  rtloader vacuum --config rtloader.toml\n"
     "  rtloader vacuum s3://lake/some_table --retention 720h\n"
     "  rtloader vacuum /data/t --retention 0h --force         # only where nobody reads or writes the "
     "table\n\n"
     "Versions older than the retention (7 days, or delta.deletedFileRetentionDuration) can no longer be "
     "read.\n"
     "Files younger than it stay, so a running load is safe; with --force and a short one it is not.\n\n"
     "Exit codes: 0 done, 2 usage or configuration (also a retention below the table's own), 1 an error with "
     "a\ntable, 130/143 stopped by SIGINT/SIGTERM.\n"},
    {Command::kCheckpoint, "checkpoint", "Write a checkpoint of tables, so that they are opened faster",
     "Examples:\n"
     "  rtloader checkpoint /data/tables\n"
     "  rtloader checkpoint s3://lake/some_table\n"
     "  rtloader checkpoint /data/tables/customer_data_snapshot --policy v2\n\n"
     "Of the kind that the table asks for (delta.checkpointPolicy): classic, whole and readable by all, or "
     "v2, of\n"
     "which only what changed is written anew. Loaders write one every\n"
     "commit.checkpoint_interval commits by themselves.\n\n"
     "Exit codes: 0 done, 2 usage or configuration, 1 an error with a table, 130/143 stopped.\n"},
    {Command::kCleanLog, "clean-log", "Remove what has expired from the logs of tables",
     "Examples:\n"
     "  rtloader clean-log /data/tables --dry-run\n"
     "  rtloader clean-log customer_data_snapshot --config rtloader.toml\n\n"
     "Commits older than 30 days (delta.logRetentionDuration) go, from the newest old checkpoint backwards; "
     "of\n"
     "the snapshot none that another table has yet to take in. Versions before the checkpoint can no longer "
     "be "
     "read.\n\n"
     "Exit codes: 0 done, 2 usage or configuration, 1 an error with a table, 130/143 stopped.\n"},
};

bool IsUpkeep(Command command) {
  return command == Command::kOptimize || command == Command::kVacuum || command == Command::kCheckpoint ||
         command == Command::kCleanLog;
}

// A flag of the command line that sets an option of the configuration.
struct Override {
  const char* flag;
  const char* key;
  const char* value;  // null: the flag takes a value; else what it sets
  const char* help;
};

constexpr Override kOverrides[] = {
    {"--schema", "rows.schema", nullptr, "Pin the columns: 'wid STRING, n BIGINT'"},
    {"--pattern", "source.pattern", nullptr,
     "Which files, and what names them: a regular expression, one capture"},
    {"--threads", "load.threads", nullptr, "Threads that load files; 0: one a core"},
    {"--memory", "load.memory", nullptr, "Bound of what files being loaded hold, such as 512MiB"},
    {"--max-rejected", "guard.max_rejected", nullptr,
     "Hold a file of which more than this share of lines is bad (0 to 1)"},
    {"--no-raw", "raw.enabled", "false", "Keep no raw history table"},
    {"--no-quarantine", "quarantine.enabled", "false", "Keep no table of rejected lines"},
    {"--allow-mass-delete", "guard.allow_mass_delete", "true",
     "Delete even if most of the known files are gone"},
    {"--no-maintenance", "maintenance.enabled", "false",
     "watch: leave optimize, vacuum and clean-log to others"},
    {"--maintain", "maintenance.on_sync", "true", "sync: do them at the end of the run"},
};

struct Parsed {
  std::string source, tables, config_file, max_bytes, retention;
  std::map<std::string, std::string> values;  // by flag
  Invocation invocation;
};

void AddUpkeepOptions(CLI::App& command, Command which, Parsed& parsed) {
  command
      .add_option(
          "TABLE", parsed.invocation.tables_named,
          "Tables' folders or s3:// prefixes, a folder that holds the loader's tables, or with --config "
          "just names; without any: the loader's tables below tables.root")
      ->type_name("");
  if (which == Command::kVacuum || which == Command::kCleanLog) {
    command.add_flag("--dry-run", parsed.invocation.dry_run, "List what would be deleted, with sizes");
  }
  if (which == Command::kCheckpoint) {
    command
        .add_option("--policy", parsed.invocation.policy,
                    "First make the table ask for this kind: classic, or v2, with sidecars")
        ->type_name("KIND")
        ->check(CLI::IsMember({"classic", "v2"}));
  }
  if (which != Command::kVacuum) return;
  command
      .add_option("--retention", parsed.retention,
                  "Keep what was needed within this time, such as 168h (the table's)")
      ->type_name("TIME");
  command.add_flag("--force", parsed.invocation.force, "Also with less than the table's own retention");
}

void AddCommand(CLI::App& app, const CommandHelp& help, Parsed& parsed) {
  CLI::App* command = app.add_subcommand(help.name, help.summary);
  command->footer(help.examples);
  command->add_flag("--json", parsed.invocation.json, "Print the result as JSON on standard output");
  command->add_option("-c,--config", parsed.config_file, "Configuration file (docs/configuration.md)")
      ->type_name("FILE");
  if (help.command == Command::kShow) {
    command
        ->add_option("TABLE", parsed.invocation.table, "A table's folder; with --config also just its name")
        ->type_name("")
        ->required();
    command->add_option("-n,--limit", parsed.invocation.limit, "Rows to print; 0: all (20 by default)")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber);
    auto* version =
        command->add_option("--version,--at", parsed.invocation.at, "The table as of this version")
            ->type_name("VERSION")
            ->check(CLI::NonNegativeNumber);
    command
        ->add_option(
            "--timestamp", parsed.invocation.at_time,
            "The table as it was then, such as '2026-01-31 12:00:00' (UTC) or with an offset, +02:00")
        ->type_name("TIME")
        ->excludes(version);
    command->add_option("--columns", parsed.invocation.columns, "Only these columns, separated by commas")
        ->type_name("A,B")
        ->delimiter(',');
    command
        ->add_option("--where", parsed.invocation.where,
                     "Only rows for which this is true (docs/commands.md)")
        ->type_name("CONDITION");
    command
        ->add_option("--partition-time-zone", parsed.invocation.partition_zone,
                     "Of timestamps without a zone in partition columns (UTC by default)")
        ->type_name("ZONE");
    return;
  }
  if (IsUpkeep(help.command)) return AddUpkeepOptions(*command, help.command, parsed);
  command
      ->add_option("SOURCE", parsed.source, "Folder or s3:// prefix of the customers' files (or source.path)")
      ->type_name("");
  command->add_option("TABLES", parsed.tables, "Folder or s3:// prefix of the tables (or tables.root)")
      ->type_name("");
  if (help.command == Command::kVerify) {
    command->add_flag("--fast", parsed.invocation.fast, "Compare by the ledger, without reading the rows");
  }
  if (help.command == Command::kVerify) {
    command->add_flag("--repair", parsed.invocation.repair, "Load again exactly the files that differ");
  }
  if (help.command == Command::kConvertLayout) {
    const std::map<std::string, load::Layout> layouts = {{"packed", load::Layout::kPacked},
                                                         {"per_file", load::Layout::kPerFile}};
    command->add_option("--to", parsed.invocation.layout, "packed or per_file")
        ->type_name("LAYOUT")
        ->required()
        ->transform(CLI::CheckedTransformer(layouts));
  }
  if (help.command == Command::kSync) {
    command->add_option("--max-files", parsed.invocation.bounds.max_files, "Take on at most so many files")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--max-bytes", parsed.max_bytes, "Take on files of at most so many bytes, such as 10GB")
        ->type_name("SIZE");
  }
  for (const Override& flag : kOverrides) {
    if (flag.value != nullptr) {
      command->add_flag_callback(
          flag.flag, [&parsed, &flag] { parsed.values[flag.flag] = flag.value; }, flag.help);
    } else {
      command
          ->add_option_function<std::string>(
              flag.flag, [&parsed, &flag](const std::string& text) { parsed.values[flag.flag] = text; },
              flag.help)
          ->type_name("VALUE");
    }
  }
}

std::unexpected<Error> Usage(std::string message) {
  return Fail(ErrorKind::kBadConfig, std::move(message));
}

std::string Hint(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return fmt::format("; see rtloader {}--help", chosen.empty() ? "" : chosen.front()->get_name() + " ");
}

// CLI11's message, or for a misspelt word the one that was meant.
std::string Explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::vector<std::string> rest = app.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty()) {
    std::vector<std::string> known;
    if (chosen.empty()) {
      for (const CommandHelp& help : kCommands) known.emplace_back(help.name);
    } else {
      for (const CLI::Option* option : chosen.front()->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    }
    const std::string nearest = Nearest(rest.front(), known);
    const std::string_view what = chosen.empty() ? "command" : "argument";
    return fmt::format("{}: there is no such {}{}", rest.front(), what,
                       nearest.empty() ? Hint(app) : fmt::format("; did you mean {}?", nearest));
  }
  std::string message = error.what();
  if (const std::size_t end = message.find('\n'); end != std::string::npos) message.resize(end);
  return message + Hint(app);
}

Result<> ApplyCommandLine(const Parsed& parsed, Config& config) {
  if (!parsed.source.empty()) config.source = parsed.source;
  if (!parsed.tables.empty()) config.tables = parsed.tables;
  for (const Override& flag : kOverrides) {
    const auto given = parsed.values.find(flag.flag);
    if (given == parsed.values.end()) continue;
    const OptionSpec& spec = *FindOption(flag.key);
    if (Result<> set = spec.set(FromText(spec.type, given->second), config); !set) {
      return Fail(set.error().Wrap(flag.flag));
    }
  }
  return CheckConfig(config);
}

std::string VariableOf(std::span<const char* const> variables, std::string_view name) {
  for (const char* variable : variables) {
    const std::string_view text(variable);
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) {
      return std::string(text.substr(name.size() + 1));
    }
  }
  return {};
}

Result<Invocation> ToInvocation(Parsed parsed, const CommandHelp& help,
                                std::span<const char* const> variables) {
  Invocation invocation = std::move(parsed.invocation);
  invocation.command = help.command;
  if (parsed.config_file.empty()) parsed.config_file = VariableOf(variables, "RTLOADER_CONFIG");
  if (!parsed.config_file.empty()) {
    RTL_CHECK(ReadConfigFile(parsed.config_file, invocation.config));
  }
  RTL_CHECK(ApplyEnvironment(variables, invocation.config));
  if (!parsed.max_bytes.empty()) {
    auto bytes = ParseSize(parsed.max_bytes);
    if (!bytes) return Fail(bytes.error().Wrap("--max-bytes"));
    invocation.bounds.max_bytes = *bytes;
  }
  if (!parsed.retention.empty()) {
    auto retention = ParseDuration(parsed.retention);
    if (!retention) return Fail(retention.error().Wrap("--retention"));
    invocation.retention = *retention;
  }
  RTL_CHECK(ApplyCommandLine(parsed, invocation.config));
  if (help.command == Command::kShow) return invocation;
  if (IsUpkeep(help.command)) {
    if (!invocation.tables_named.empty() || !invocation.config.tables.empty()) return invocation;
    return Usage(fmt::format(
        "which tables? rtloader {} TABLE..., or tables.root in the file given with --config", help.name));
  }
  const auto missing = [&](std::string_view what, std::string_view key) {
    return Usage(
        fmt::format("{} is missing: rtloader {} SOURCE TABLES, or {} in the file given with --config", what,
                    help.name, key));
  };
  if (invocation.config.source.empty()) return missing("SOURCE", "source.path");
  if (invocation.config.tables.empty()) return missing("TABLES", "tables.root");
  return invocation;
}

}  // namespace

Result<std::variant<Invocation, Answer>> ParseArguments(std::span<const char* const> arguments,
                                                        std::string_view version,
                                                        std::span<const char* const> variables) {
  Parsed parsed;
  CLI::App app("Keeps Delta tables equal to a folder of customers' NDJSON files.", "rtloader");
  app.set_version_flag("-V,--version", fmt::format("rtloader {}", version));
  app.require_subcommand(0, 1);
  app.footer("rtloader COMMAND --help has examples. Exit codes: docs/commands.md.\n");
  for (const CommandHelp& help : kCommands) AddCommand(app, help, parsed);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return Answer{chosen.empty() ? app.help() : chosen.front()->help("rtloader")};
  } catch (const CLI::CallForVersion& call) {
    return Answer{std::string(call.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return Usage(Explain(app, error));
  }
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return Usage("no command; see rtloader --help");
  const auto* help = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const CommandHelp& h) { return chosen.front()->get_name() == h.name; });
  RTL_TRY(Invocation invocation, ToInvocation(std::move(parsed), *help, variables));
  return invocation;
}

}  // namespace rtl::cli
