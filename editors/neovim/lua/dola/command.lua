---The command `:Dola`.

local say = require('dola.say')

local M = {}

---@alias dola.Call vim.api.keyset.create_user_command.command_args

---@param name string
---@return fun(call: dola.Call, rest: string)
local function action(name)
  return function(call, rest)
    local at = require('dola.place')
    require('dola').run(name, {
      place = call.range > 0 and at.lines(call.line1, call.line2) or at.cursor(),
      instruction = name == 'do' and rest ~= '' and rest or nil,
    })
  end
end

---@type table<string, fun(call: dola.Call, rest: string)>
local COMMANDS = {
  explain = action('explain'),
  refactor = action('refactor'),
  tests = action('tests'),
  fix = action('fix'),
  document = action('document'),
  ['do'] = action('do'),
  ['describe-image'] = action('describe-image'),
  ['write-from-image'] = action('write-from-image'),
  ['describe-video'] = action('describe-video'),
  own = function(call, rest)
    require('dola').own(rest ~= '' and rest or nil, {
      place = call.range > 0 and require('dola.place').lines(call.line1, call.line2) or nil,
    })
  end,
  show = function(call, rest)
    local at = require('dola.place')
    local name, instruction = rest:match('^(%S*)%s*(.-)$')
    require('dola').show(name ~= '' and name or 'refactor', {
      place = call.range > 0 and at.lines(call.line1, call.line2) or at.cursor(),
      instruction = instruction ~= '' and instruction or nil,
    })
  end,
  cancel = function()
    require('dola').cancel()
  end,
  status = function()
    require('dola').tell_status()
  end,
  review = function(_, rest)
    if rest == '' then
      require('dola').review()
    else
      require('dola.review').decide(rest)
    end
  end,
  reasoning = function()
    require('dola').reasoning()
  end,
  withdraw = function()
    require('dola').withdraw()
  end,
  restart = function()
    require('dola.server').restart()
  end,
}

---What more may follow.
local TAKES_MORE = { ['do'] = true, own = true, review = true, show = true }

---What `:Dola review` may be followed by, in a review.
local DECISIONS = { 'accept', 'reject', 'all', 'retry', 'discard', 'close' }

---@return string[]
local function names()
  local found = vim.tbl_keys(COMMANDS)
  table.sort(found)
  return found
end

---Run `:Dola …`.
---@param call dola.Call
function M.run(call)
  local name, rest = call.args:match('^%s*(%S*)%s*(.-)%s*$')
  local run = COMMANDS[name]
  if run and rest ~= '' and not TAKES_MORE[name] then
    say(('`:Dola %s` takes nothing after it. Nothing was sent. `:Dola do …` does.'):format(name))
    return
  end
  if run then
    run(call, rest)
    return
  end
  local what = name == '' and 'say what to do' or ('there is no `:Dola %s`'):format(name)
  say(('%s: %s.'):format(what, table.concat(names(), ', ')))
end

---Complete `:Dola …`.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = line:match('Dola!?%s+(.*)$') or ''
  before = before:sub(1, #before - #lead)
  local offered = before == '' and names() or {}
  if before:find('^review%s+$') then
    offered = DECISIONS
  elseif before:find('^show%s+$') then
    offered = vim.tbl_keys(require('dola').COMMANDS)
    table.sort(offered)
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, offered)
end

return M
