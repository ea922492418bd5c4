---The review of a proposal: what the user decides, hunk by hunk.
---
---The server keeps the proposal and says what it comes to in the buffer as it is now. What is
---accepted it applies by itself, so that one hunk is one undo step and nothing lands where the text
---has changed meanwhile.

local say = require('dola.say')
local server = require('dola.server')
local view = require('dola.view')

local api = vim.api

local M = {}

local reviews = {} ---@type dola.Review[]

---How long the buffer has to be left alone before the proposal is shown anew, in milliseconds.
local REST = 150

---Ask the server to do something with the proposal; there may be no review any more when it has.
---@param review { client: vim.lsp.Client, id: string, bufnr: integer }
---@param argument table
---@param done fun(answer?: table)
---@return boolean # Whether there will be an answer.
local function ask(review, argument, done)
  if review.client:is_stopped() then
    say('dola-ls has ended, and the proposal with it. Nothing was changed. Run the action again.')
    return false
  end
  argument.proposal = review.id
  server.execute(review.client, review.bufnr, 'dola.review', argument, done)
  return true
end

---Show the proposal for the buffer as it is now.
---@param review dola.Review
---@param done? fun()
local function refresh(review, done)
  local tick = api.nvim_buf_get_changedtick(review.bufnr)
  ask(review, { ['do'] = 'text' }, function(text)
    -- Where the buffer has changed meanwhile, it will be asked for again.
    if review.closed or not text or tick ~= api.nvim_buf_get_changedtick(review.bufnr) then
      return
    end
    review.text = text
    view.draw(review)
    if done then
      done()
    end
  end)
end

---The review in the current tab.
---@return dola.Review?
local function current()
  local tab = api.nvim_get_current_tabpage()
  return vim.iter(reviews):find(function(review)
    return review.tab == tab
  end)
end

---Give the windows back.
---@param review dola.Review
local function close(review)
  if review.closed then
    return
  end
  review.closed = true
  reviews = vim.tbl_filter(function(other)
    return other ~= review
  end, reviews)
  api.nvim_del_augroup_by_id(review.group)
  if api.nvim_buf_is_valid(review.bufnr) then
    pcall(vim.keymap.del, 'n', 'do', { buffer = review.bufnr })
  end
  view.close(review)
end

---@param review dola.Review
---@param argument table
---@param done? fun()
local function tell(review, argument, done)
  -- A second key before the answer would name hunks by numbers that are not theirs any more.
  if review.asked then
    return
  end
  review.asked = ask(review, argument, function()
    review.asked = false
    -- The server has told by now if the proposal is settled, and the review is closed then.
    if not review.closed then
      refresh(review, done)
    end
  end)
end

---Accept something; what was refused, only when the user insists.
---@param review dola.Review
---@param argument table
---@param done? fun()
local function apply(review, argument, done)
  argument['do'] = 'apply'
  if not review.text.refused then
    tell(review, argument, done)
    return
  end
  local choices = { 'Leave it', 'Apply it all the same' }
  vim.ui.select(choices, {
    prompt = 'This answer was refused: ' .. review.text.reason,
    kind = 'dola',
  }, function(choice)
    if choice == choices[2] and not review.closed then
      tell(review, argument, done)
    end
  end)
end

---@param review dola.Review
---@param on fun(number: integer, done: fun())
local function with_hunk(review, on)
  if review.text.stale ~= '' then
    say(
      ('%s. Nothing was changed. Take lines over by hand, retry or discard it.'):format(
        review.text.stale
      )
    )
    return
  end
  local number = view.number_at_cursor(review)
  if not number then
    say('there is no hunk at the cursor. `]c` goes to the next one.', vim.log.levels.INFO)
    return
  end
  on(number, function()
    view.go_to(review, number)
  end)
end

---@type table<string, fun(review: dola.Review)>
local DECISIONS = {
  accept = function(review)
    with_hunk(review, function(number, done)
      apply(review, { hunk = number - 1 }, done)
    end)
  end,
  reject = function(review)
    with_hunk(review, function(number, done)
      tell(review, { ['do'] = 'discard', hunk = number - 1 }, done)
    end)
  end,
  all = function(review)
    apply(review, {})
  end,
  retry = function(review)
    tell(review, { ['do'] = 'retry' })
  end,
  discard = function(review)
    tell(review, { ['do'] = 'discard' })
  end,
  close = close,
}

---Decide about the hunk at the cursor, or about the whole proposal, in the review of this tab.
---@param decision string `accept`, `reject`, `all`, `retry`, `discard` or `close`
function M.decide(decision)
  local review = current()
  if not DECISIONS[decision] then
    local known = vim.tbl_map(function(key)
      return key[2]
    end, view.KEYS)
    say(('there is no `:Dola review %s`: %s.'):format(decision, table.concat(known, ', ')))
  elseif not review then
    say('there is no review in this tab. `:Dola review` opens one.')
  else
    DECISIONS[decision](review)
  end
end

---Let Vim's own keys for diffs decide too: what `do` and `dp` do by themselves is an edit of the
---user's to the server, which then could not apply the rest.
---@param review dola.Review
---@param bufnr integer
---@param key string
---@param decision string
local function map_diff_key(review, bufnr, key, decision)
  vim.keymap.set('n', key, function()
    local ours = current() == review and review.text.stale == ''
    return ours and ('<Cmd>Dola review %s<CR>'):format(decision) or key
  end, { buffer = bufnr, expr = true, desc = ('Dola: %s this hunk'):format(decision) })
end

---@param review dola.Review
local function map_keys(review)
  for _, key in ipairs(view.KEYS) do
    vim.keymap.set('n', key[1], function()
      DECISIONS[key[2]](review)
    end, { buffer = review.proposed, nowait = true, desc = 'Dola: ' .. key[2] })
  end
  map_diff_key(review, review.bufnr, 'do', 'accept')
  map_diff_key(review, review.proposed, 'dp', 'accept')
  map_diff_key(review, review.proposed, 'do', 'reject')
end

---Follow what becomes of the buffer, of the windows and of the server.
---@param review dola.Review
local function watch(review)
  review.group = api.nvim_create_augroup('dola.review.' .. review.proposed, {})
  api.nvim_create_autocmd('WinClosed', {
    group = review.group,
    pattern = { tostring(review.left), tostring(review.right) },
    callback = function()
      vim.schedule(function()
        close(review)
      end)
    end,
  })
  api.nvim_create_autocmd('LspDetach', {
    group = review.group,
    buffer = review.bufnr,
    callback = function(event)
      if event.data.client_id == review.client.id then
        vim.schedule(function()
          if not review.closed then
            close(review)
            say('dola-ls left the buffer, and the proposal went with it. Nothing was changed.')
          end
        end)
      end
    end,
  })
  local changes = 0
  api.nvim_buf_attach(review.bufnr, false, {
    on_lines = function()
      changes = changes + 1
      local seen = changes
      vim.defer_fn(function()
        if seen == changes and not review.closed then
          refresh(review)
        end
      end, REST)
      return review.closed
    end,
  })
end

---@param id string
---@param client vim.lsp.Client
---@param text dola.Text
local function build(id, client, text)
  local review = view.open(id, client, text)
  table.insert(reviews, review)
  map_keys(review)
  watch(review)
end

---Open a review of a proposal, or go to the one that is open.
---@param proposal dola.Proposal
function M.open(proposal)
  local known = vim.iter(reviews):find(function(review)
    return review.id == proposal.id and review.client.id == proposal.client_id
  end)
  if known then
    api.nvim_set_current_win(known.right)
    return
  end
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  if not client then
    return
  end
  local bufnr = vim.uri_to_bufnr(proposal.uri)
  ask({ client = client, id = proposal.id, bufnr = bufnr }, { ['do'] = 'text' }, function(text)
    if text then
      build(proposal.id, client, text)
    end
  end)
end

---Take in that a proposal is there no more.
---@param id string
---@param client_id integer
function M.settled(id, client_id)
  for _, review in ipairs(vim.list_slice(reviews)) do
    if review.id == id and review.client.id == client_id then
      close(review)
    end
  end
end

return M
