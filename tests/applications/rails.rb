# rails.rb PORT STEP: what docs/applications.md says of Rails, done with ActiveRecord; prints JSON.
require "active_record"
require "json"

port, step = ARGV

# connect USER, DATABASE: as database.yml would.
def connect(port, user, database)
  settings = { adapter: "postgresql", host: "127.0.0.1", port: port.to_i, username: user, database: database }
  ActiveRecord::Base.establish_connection(settings)
  ActiveRecord::DatabaseConfigurations::HashConfig.new("test", "primary", settings)
end

def migrations
  # Since 7.1 the second argument is of another kind, and may be left out.
  older = ActiveRecord.version < Gem::Version.new("7.1")
  ActiveRecord::MigrationContext.new("db/migrate", *(older ? [ActiveRecord::SchemaMigration] : []))
end

def schema_rb
  # Since 7.2 a pool is dumped.
  newer = ActiveRecord.version >= Gem::Version.new("7.2")
  source = newer ? ActiveRecord::Base.connection_pool : ActiveRecord::Base.connection
  StringIO.new.tap { |schema| ActiveRecord::SchemaDumper.dump(source, schema) }.string
end

ActiveRecord::Migration.verbose = false
found =
  case step
  when "up"
    tasks = ActiveRecord::Tasks::PostgreSQLDatabaseTasks.new(connect(port, "quiz_owner", "quiz"))
    migrations.up
    tasks.structure_dump("structure.sql", nil)
    { schema: schema_rb, structure: File.read("structure.sql") }
  when "load"
    # A developer's database, made by a superuser.
    ActiveRecord::Tasks::PostgreSQLDatabaseTasks.new(connect(port, "postgres", "loaded")).structure_load("structure.sql", nil)
    banks = -> { ActiveRecord::Base.connection.select_value("SELECT count(*) FROM irt.irt_item_banks") }
    { extensions: ActiveRecord::Base.connection.extensions, banks: banks.call,
      views: ActiveRecord::Base.connection.views }
  when "in public"
    connect(port, "postgres", "older")
    before = schema_rb
    load "config/initializers/irt_calibration.rb"
    { before: before, after: schema_rb }
  when "run"
    connect(port, "quiz_app", "quiz")
    load "app/jobs/calibration.rb"
    [Calibration.run, Calibration.run, Calibration.run(force: true)]
  when "down"
    connect(port, "quiz_owner", "quiz")
    migrations.rollback
    { columns: ActiveRecord::Base.connection.columns("questions").map(&:name), views: ActiveRecord::Base.connection.views }
  end
puts JSON.generate(found)
