# The tables of a quiz, before anything is calibrated.
class CreateTables < ActiveRecord::Migration[6.1]
  def change
    create_table :questions, id: :integer do |table|
      table.string :text, null: false
    end
    create_table :sessions, id: :integer do |table|
      table.integer :user_id
      table.timestamp :completed_at
    end
    create_table :answers, id: false do |table|
      table.integer :session_id, null: false
      table.integer :question_id, null: false
      table.boolean :is_correct, null: false
      table.timestamp :answered_at, null: false
    end
    execute "ALTER TABLE answers ADD PRIMARY KEY (session_id, question_id)"
  end
end
